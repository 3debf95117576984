"""Leases: at most one holder writes at any moment, and work continues when a holder dies."""

from __future__ import annotations

import asyncio

import pytest

from argosy.machinery.api import ListPage
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Get, List
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.fencing import FencedClient, FencedOff
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.leases import LeaseHolder, Membership, Move, Sight, Timing, decide
from tests.kit.by_hand import ByHand
from tests.kit.verbs import verbs
from tests.kit.world import CONFIG_MAPS, LEASES, World, config_map

KEY = Key("kube-system", "argosy")
WORK = [Key("default", f"k{number}") for number in range(40)]


def lease_of(holder: str, duration: int = 15) -> JsonObject:
    return {"spec": {"holderIdentity": holder, "leaseDurationSeconds": duration}}


@pytest.mark.parametrize(
    ("lease", "seen_at", "move"),
    [
        (None, None, Move.CREATE),
        (lease_of(""), 100.0, Move.TAKE),
        (lease_of("me"), 100.0, Move.RENEW),
        (lease_of("other"), 100.0, Move.WAIT),
        (lease_of("other"), 85.1, Move.WAIT),
        (lease_of("other"), 85.0, Move.TAKE),
    ],
)
def test_a_lease_is_taken_only_when_its_time_is_over(
    lease: JsonObject | None, seen_at: float | None, move: Move
) -> None:
    sight = None if seen_at is None else Sight("1", seen_at)
    assert decide(lease, sight, "me", 100.0) is move


def test_a_holder_must_stop_before_another_may_start() -> None:
    with pytest.raises(ValueError, match="must rise"):
        Timing(duration=10, valid=10, renew_every=2)


class Cable(WrappingClient):
    """A connection that can be pulled out."""

    cut = False

    async def get(self, request: Get) -> JsonObject:
        self._check()
        return await super().get(request)

    async def page(self, request: List) -> ListPage:
        self._check()
        return await super().page(request)

    def _check(self) -> None:
        if self.cut:
            raise ConnectionResetError("the cable is out")


def holder(world: World, client: Client, identity: str, heard: list[tuple[float, str, bool]]) -> LeaseHolder:
    made = LeaseHolder(
        client,
        world.clock,
        world.rng,
        key=KEY,
        identity=identity,
        on_change=lambda held: heard.append((world.clock.monotonic(), identity, held)),
    )
    world.supervisor.add(identity, made.run)
    return made


def test_a_leader_that_is_cut_off_stops_writing_before_the_other_starts() -> None:
    with World() as world:
        heard: list[tuple[float, str, bool]] = []
        cable = Cable(world.client)
        first = holder(world, cable, "first", heard)
        world.pass_time(1)
        second = holder(world, world.client, "second", heard)
        world.pass_time(30)
        assert (first.is_valid, second.is_valid) == (True, False)
        fenced = verbs(FencedClient(world.client, lambda: first.is_valid))
        world.run(fenced.create(CONFIG_MAPS, config_map("while-valid")))

        cable.cut = True
        world.pass_time(40)
        assert (first.is_valid, second.is_valid) == (False, True)
        with pytest.raises(FencedOff, match="create configmaps default/too-late: the lease"):
            world.run(fenced.create(CONFIG_MAPS, config_map("too-late")))

        (_, _, won), (lost_at, loser, lost), (taken_at, taker, taken) = heard
        assert (won, loser, lost, taker, taken) == (True, "first", False, "second", True)
        assert 3 <= taken_at - lost_at <= 10
        lease = world.run(world.client.read(LEASES, KEY.name, KEY.namespace))
        assert lease["spec"]["leaseTransitions"] == 1

        cable.cut = False
        world.pass_time(60)
        assert (first.is_valid, second.is_valid) == (False, True)


def test_a_released_lease_is_taken_at_the_next_look() -> None:
    with World() as world:
        heard: list[tuple[float, str, bool]] = []
        first = LeaseHolder(world.client, world.clock, world.rng, key=KEY, identity="first")
        world.run(first.step())
        world.run(first.release())
        assert not first.is_valid
        holder(world, world.client, "second", heard)
        world.pass_time(1)
        assert heard[0][1:] == ("second", True)


def test_of_two_that_race_for_a_lease_one_wins() -> None:
    with World() as world:
        holders = [LeaseHolder(world.client, world.clock, world.rng, key=KEY, identity=name) for name in "ab"]

        async def race() -> None:
            async with asyncio.TaskGroup() as tasks:
                for one in holders:
                    tasks.create_task(one.step())

        world.run(race())
        assert sorted(one.is_valid for one in holders) == [False, True]


class Replica:
    """A replica that notes, every 100 ms of virtual time, for which keys it would write."""

    def __init__(self, world: World, name: str) -> None:
        self.cable = Cable(world.client)
        self.membership = Membership(
            self.cable, world.clock, world.rng, namespace="kube-system", group="argosy", identity=name
        )
        world.supervisor.add(name, self.membership.run)

    @property
    def owned(self) -> set[Key]:
        return {key for key in WORK if self.membership.owns(key)}


def check_all_along(world: World, replicas: list[Replica], seconds: float) -> None:
    for _ in range(int(seconds * 10)):
        world.pass_time(0.1)
        sets = [replica.owned for replica in replicas]
        assert sum(map(len, sets)) == len(set().union(*sets)), "two replicas own one key"


def test_replicas_share_the_keys_and_never_own_one_together_while_they_come_and_go() -> None:
    with World() as world:
        one = Replica(world, "one")
        check_all_along(world, [one], 1)
        assert one.owned == set(WORK)

        two = Replica(world, "two")
        check_all_along(world, [one, two], 30)
        assert one.owned | two.owned == set(WORK)
        assert min(len(one.owned), len(two.owned)) >= 10

        one.cable.cut = True
        check_all_along(world, [one, two], 40)
        assert (one.owned, two.owned) == (set(), set(WORK))

        one.cable.cut = False
        check_all_along(world, [one, two], 30)
        assert one.owned | two.owned == set(WORK)
        assert min(len(one.owned), len(two.owned)) >= 10


def test_a_look_that_was_begun_for_a_key_may_not_write_it_after_the_key_moved() -> None:
    with World() as world:
        one = Replica(world, "one")
        world.pass_time(1)
        fenced = verbs(FencedClient(world.client, one.membership.may_write))
        wrote: list[str] = []

        async def reconcile(key: Key) -> None:
            await world.clock.sleep(60)
            await fenced.create(CONFIG_MAPS, config_map(key.name))
            wrote.append(key.name)

        owns = one.membership.owns
        controller = ByHand("slow", reconcile, world.clock, world.rng, workers=len(WORK), owns=owns)
        world.supervisor.add("slow", controller.run)
        for key in WORK:
            controller.queue.add(key)
        world.pass_time(1)
        two = Replica(world, "two")
        world.pass_time(70)
        assert set(wrote) == {key.name for key in one.owned}
        assert set(wrote).isdisjoint(key.name for key in two.owned)
        with pytest.raises(StatusError):
            world.run(world.client.read(CONFIG_MAPS, min(two.owned).name, "default"))
