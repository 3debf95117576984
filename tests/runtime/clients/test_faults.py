"""Faults happen as planned, the same for the same seed; and caches and controllers converge under all of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.clients.faults import Death, Door, Fault, FaultPlan, FaultyClient, ProcessKilled
from argosy.runtime.clients.recording import RecordingClient
from tests.kit.by_hand import ByHand
from tests.kit.verbs import verbs
from tests.kit.world import CONFIG_MAPS, World, config_map, ours

ROUGH = FaultPlan(
    conflict=0.2,
    unavailable=0.1,
    timeout_before_commit=0.1,
    timeout_after_commit=0.1,
    dropped_watch=0.1,
    expired_watch=0.05,
    delay=0.5,
)


def copying_run(seed: int, plan: FaultPlan) -> tuple[list[str], int, list[tuple[str, str, str]]]:
    """A controller that copies each ConfigMap `a*` to `copy-a*`: what is there at the end, faults, and the journal."""
    with World(seed) as world:
        recording = RecordingClient(world.client, world.clock)
        faulty = FaultyClient(recording, world.clock, world.rng, plan)
        caches = InformerCaches(faulty, world.clock, world.rng)
        cache = caches.cache(CONFIG_MAPS)

        async def reconcile(key: Key) -> None:
            source = cache.get(key)
            if source is None or not key.name.startswith("a"):
                return
            wanted = config_map(f"copy-{key.name}", v=source["data"]["v"])
            present = cache.get(Key(key.namespace, f"copy-{key.name}"))
            if present is None:
                await verbs(faulty).create(CONFIG_MAPS, wanted)
            elif present["data"] != wanted["data"]:
                metadata = {**wanted["metadata"], "resourceVersion": present["metadata"]["resourceVersion"]}
                await verbs(faulty).update(CONFIG_MAPS, {**wanted, "metadata": metadata})

        controller = ByHand("copy", reconcile, world.clock, world.rng)
        controller.watch(cache)
        world.supervisor.add("faulty caches", caches.run)
        world.supervisor.add("copy", controller.run)
        for version in ("1", "2"):
            for number in range(20):
                obj = config_map(f"a{number:02}", v=version)
                write = world.client.create if version == "1" else world.client.update
                world.run(write(CONFIG_MAPS, obj))
                world.pass_time(0.3)
        # Quiet is when every key stopped failing and every watch is back: minutes of back-off, no real time.
        world.run(world.clock.settle(lambda: False, within=timedelta(hours=1)))
        present = ours(world.run(world.client.list(CONFIG_MAPS)).items)
        copies = [f"{obj['metadata']['name']}={obj['data']['v']}" for obj in present]
        journal = [(entry.at.isoformat(), str(entry.write), entry.refusal) for entry in recording.journal]
        return [line for line in copies if line.startswith("copy-")], faulty.happened.total(), journal


@pytest.mark.parametrize("seed", range(6))
def test_controllers_converge_under_every_fault(seed: int) -> None:
    copies, faults, _ = copying_run(seed, ROUGH)
    assert copies == [f"copy-a{number:02}=2" for number in range(20)]
    assert faults > 20


def test_the_same_seed_gives_the_same_faults_and_the_same_journal() -> None:
    first, again, other = copying_run(3, ROUGH), copying_run(3, ROUGH), copying_run(4, ROUGH)
    assert first == again
    assert first[2] != other[2]


def test_an_answer_that_is_lost_after_the_commit_leaves_the_write_done() -> None:
    with World() as world:
        faulty = FaultyClient(world.client, world.clock, world.rng, FaultPlan(timeout_after_commit=1.0))
        with pytest.raises(TimeoutError):
            world.run(verbs(faulty).create(CONFIG_MAPS, config_map("a")))
        assert world.run(world.client.read(CONFIG_MAPS, "a", "default"))


def test_a_write_that_is_lost_on_its_way_is_not_done() -> None:
    with World() as world:
        faulty = FaultyClient(world.client, world.clock, world.rng, FaultPlan(timeout_before_commit=1.0))
        with pytest.raises(ConnectionResetError):
            world.run(verbs(faulty).create(CONFIG_MAPS, config_map("a")))
        with pytest.raises(StatusError) as refusal:
            world.run(world.client.read(CONFIG_MAPS, "a", "default"))
        assert refusal.value.is_not_found


def test_a_stale_read_shows_the_state_before_and_a_write_based_on_it_conflicts() -> None:
    with World() as world:
        faulty = FaultyClient(world.client, world.clock, world.rng, FaultPlan(stale_read=1.0))
        world.run(world.client.create(CONFIG_MAPS, config_map("a", v="1")))
        world.run(verbs(faulty).read(CONFIG_MAPS, "a", "default"))
        world.run(world.client.update(CONFIG_MAPS, config_map("a", v="2")))
        stale = world.run(verbs(faulty).read(CONFIG_MAPS, "a", "default"))
        assert stale["data"]["v"] == "1"
        with pytest.raises(StatusError) as refusal:
            world.run(world.client.update(CONFIG_MAPS, {**stale, "data": {"v": "3"}}))
        assert refusal.value.is_conflict


@pytest.mark.parametrize(("before", "done"), [(True, 1), (False, 2)])
def test_a_process_dies_between_two_writes_and_writes_no_more(*, before: bool, done: int) -> None:
    with World() as world:
        death = Death(2, before=before)
        faulty = FaultyClient(world.client, world.clock, world.rng, FaultPlan(), death)
        world.run(verbs(faulty).create(CONFIG_MAPS, config_map("a")))
        for name in ("b", "c"):
            with pytest.raises(ProcessKilled):
                world.run(verbs(faulty).create(CONFIG_MAPS, config_map(name)))
        assert len(ours(world.run(world.client.list(CONFIG_MAPS, "default")).items)) == done


def test_all_doors_of_a_process_die_together() -> None:
    class Repository:
        pushed = 0

        async def push(self) -> None:
            self.pushed += 1

    with World() as world:
        death, repository = Death(2), Repository()
        faulty = FaultyClient(world.client, world.clock, world.rng, FaultPlan(), death)
        git = Door(repository, death, ["push"])
        world.run(git.push())
        with pytest.raises(ProcessKilled):
            world.run(verbs(faulty).create(CONFIG_MAPS, config_map("a")))
        with pytest.raises(ProcessKilled):
            world.run(git.push())
        assert repository.pushed == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("conflict", StatusError),
        ("unavailable", StatusError),
        ("timeout_before_commit", ConnectionResetError),
        ("timeout_after_commit", TimeoutError),
    ],
)
def test_one_chosen_write_meets_the_chosen_fault_and_no_other_does(fault: Fault, error: type[Exception]) -> None:
    with World() as world:
        world.run(world.client.create(CONFIG_MAPS, config_map("a", v="0")))
        faulty = FaultyClient(world.client, world.clock, world.rng, FaultPlan(at_write=2, fault=fault))
        world.run(verbs(faulty).update(CONFIG_MAPS, config_map("a", v="1")))
        with pytest.raises(error):
            world.run(verbs(faulty).update(CONFIG_MAPS, config_map("a", v="2")))
        told = world.run(world.client.read(CONFIG_MAPS, "a", "default"))["data"]["v"]
        assert told == ("2" if fault == "timeout_after_commit" else "1")
        world.run(verbs(faulty).update(CONFIG_MAPS, config_map("a", v="3")))


def test_events_come_late_and_twice_and_caches_end_up_right() -> None:
    plan = FaultPlan(late_event=0.5, doubled_event=0.5, lateness=20.0)
    with World() as world:
        caches = InformerCaches(FaultyClient(world.client, world.clock, world.rng, plan), world.clock, world.rng)
        cache = caches.cache(CONFIG_MAPS)
        world.supervisor.add("late caches", caches.run)
        for number in range(10):
            world.run(world.client.create(CONFIG_MAPS, config_map(f"a{number}", v="1")))
            if number % 2:
                world.run(world.client.delete(CONFIG_MAPS, f"a{number}", "default"))
                world.run(world.client.create(CONFIG_MAPS, config_map(f"a{number}", v="2")))
        world.pass_time(600)
        assert [obj["data"]["v"] for obj in ours(cache.list("default"))] == ["1", "2"] * 5


def test_no_handler_of_errors_can_survive_the_death_of_the_process() -> None:
    assert not issubclass(ProcessKilled, Exception)
