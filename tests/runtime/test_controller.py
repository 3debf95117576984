"""Controllers: one key's trouble is its own, is shown, and is tried again later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.observe.metrics import Registry
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import SeededRng
from argosy.runtime.controller import DONE, Controller, Outcome, owner_keys
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.world import CONFIG_MAPS, World, config_map

A, B = Key("ns", "a"), Key("ns", "b")
PLAIN = Backoff(first=1.0, longest=64.0, jitter=0.0)

Look = Callable[[Key], Awaitable[Outcome]]


def running(look: Callable[[VirtualClock], Look], keys: list[Key], workers: int = 2) -> Controller:
    """The controller after all is quiet again."""

    async def main(clock: VirtualClock, rng: SeededRng) -> Controller:
        controller = Controller(
            "test", look(clock), clock=clock, rng=rng, workers=workers, backoff=PLAIN, registry=Registry()
        )
        async with Supervisor(clock, rng) as parts:
            parts.add_controller(controller)
            for key in keys:
                controller.enqueue(key)
            await clock.settle()
        return controller

    return run_virtual(main)


def test_a_key_that_fails_is_backed_off_alone_and_shown_until_it_works() -> None:
    looks: list[tuple[float, Key]] = []

    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            looks.append((clock.monotonic(), key))
            if key == A and len(looks) < 5:
                raise ValueError("not yet")
            return DONE

        return reconcile

    controller = running(look, [A, B])
    assert looks == [(0.0, A), (0.0, B), (1.0, A), (3.0, A), (7.0, A)]
    assert controller.failing == {}


def test_a_key_that_never_works_ends_up_in_the_background_with_its_error() -> None:
    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            raise ValueError("broken")

        return reconcile

    controller = running(look, [A])
    assert controller.failing[A].error.startswith("ValueError in ")
    assert controller.failing[A].count == 7
    assert controller.failing[A].retry_in == 64.0


def test_a_server_that_says_when_to_come_back_is_obeyed() -> None:
    times: list[float] = []

    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            times.append(clock.monotonic())
            if len(times) == 1:
                raise StatusError(429, "TooManyRequests", "later", retry_after=30)
            return DONE

        return reconcile

    running(look, [A])
    assert times == [0.0, 30.0]


def test_a_requeue_happens_at_exactly_its_time() -> None:
    times: list[float] = []

    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            times.append(clock.monotonic())
            return Outcome(requeue_after=600) if len(times) < 3 else DONE

        return reconcile

    running(look, [A])
    assert times == [0.0, 600.0, 1200.0]


@pytest.mark.parametrize("after", [0.0, -5.0])
def test_an_outcome_that_does_nothing_and_wakes_in_the_past_is_refused_aloud(after: float) -> None:
    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            return Outcome(requeue_after=after)

        return reconcile

    assert "a wake time must lie ahead" in running(look, [A]).failing[A].error


def test_a_look_that_hangs_is_given_up() -> None:
    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            if clock.monotonic() == 0:
                await asyncio.Event().wait()
            return DONE

        return reconcile

    assert running(look, [A]).failing == {}


def test_no_key_is_worked_on_twice_at_once() -> None:
    busy: set[Key] = set()

    def look(clock: VirtualClock) -> Look:
        async def reconcile(key: Key) -> Outcome:
            assert key not in busy
            busy.add(key)
            await clock.sleep(10)
            busy.discard(key)
            return Outcome(acted=True, requeue_after=0) if clock.monotonic() < 100 else DONE

        return reconcile

    assert running(look, [A, B, A, B], workers=8).failing == {}


def test_changes_of_an_object_wake_its_key() -> None:
    with World() as world:
        seen: list[str] = []

        async def reconcile(key: Key) -> Outcome:
            obj = world.caches.cache(CONFIG_MAPS).get(key)
            seen.append(f"{key.name}={obj['data']['v'] if obj else 'gone'}")
            return DONE

        controller = Controller("maps", reconcile, clock=world.clock, rng=world.rng, registry=Registry())
        controller.watch(world.caches.cache(CONFIG_MAPS))
        world.supervisor.add_controller(controller)
        for step in (
            world.client.create(CONFIG_MAPS, config_map("a", v="1")),
            world.client.update(CONFIG_MAPS, config_map("a", v="2")),
            world.client.delete(CONFIG_MAPS, "a", "default"),
        ):
            world.run(step)
            world.settle()
        assert seen == ["a=1", "a=2", "a=gone"]


def test_only_the_controlling_owner_of_the_kind_is_woken() -> None:
    owners = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "mine", "controller": True},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "other"},
        {"apiVersion": "v1", "kind": "ReplicaSet", "name": "core", "controller": True},
    ]
    obj = {"metadata": {"namespace": "ns", "name": "pod", "ownerReferences": owners}}
    assert owner_keys("ReplicaSet", "apps")(obj) == (Key("ns", "mine"),)
    assert owner_keys("Job", "batch")(obj) == ()


def test_leaving_the_supervisor_lets_begun_work_finish() -> None:
    finished: list[Key] = []

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async def reconcile(key: Key) -> Outcome:
            await clock.sleep(5)
            finished.append(key)
            return DONE

        controller = Controller("slow", reconcile, clock=clock, rng=rng, registry=Registry())
        async with Supervisor(clock, rng) as parts:
            parts.add_controller(controller)
            controller.enqueue(A)
            await clock.sleep(1)

    run_virtual(main)
    assert finished == [A]


def test_a_part_that_fails_is_started_again_and_the_others_go_on() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[int, int]:
        starts = ticks = 0

        async def fragile() -> None:
            nonlocal starts
            starts += 1
            if starts < 3:
                raise OSError("disk")
            await asyncio.Event().wait()

        async def steady() -> None:
            nonlocal ticks
            while True:
                await clock.sleep(1, background=True)
                ticks += 1

        async with Supervisor(clock, rng) as parts:
            parts.add("fragile", fragile)
            parts.add("steady", steady)
            await clock.sleep(20)
            assert parts.parts[0].last_error.startswith("OSError in ")
        return starts, ticks

    starts, ticks = run_virtual(main)
    assert starts == 3
    assert ticks >= 19
