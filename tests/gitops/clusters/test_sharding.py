"""Replicas share the applications: each is looked after by one, and by another soon after that one is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.clusters.sharding import Algorithm, owner
from argosy.gitops.keys import IN_CLUSTER
from argosy.gitops.reconcile.answers import CONTROLLER
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.runtime.clients.fencing import WORKING_ON, Turn
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.sharding import Shards
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS

MEMBERS = Shards(["one", "three", "two"])
HERE = Cluster(IN_CLUSTER, "in-cluster")
FAR = [Cluster(f"https://c{number}.example", f"c{number}") for number in range(8)]
SERVERS = sorted([IN_CLUSTER, *(cluster.server for cluster in FAR)])
APPS = [Key("argocd", f"app-{number}") for number in range(60)]


@pytest.mark.parametrize("algorithm", [Algorithm.LEGACY, Algorithm.ROUND_ROBIN, Algorithm.CONSISTENT_HASHING])
def test_upstream_s_algorithms_keep_a_cluster_together_and_use_every_member(algorithm: Algorithm) -> None:
    owners = {}
    for cluster in (HERE, *FAR):
        found = {owner(MEMBERS, algorithm, app, cluster, SERVERS) for app in APPS}
        assert len(found) == 1
        owners[cluster.server] = found.pop()
    assert set(owners.values()) == set(MEMBERS.members)


def test_by_default_the_applications_of_one_cluster_are_shared(  # so that more replicas help with one large cluster
) -> None:
    found = [owner(MEMBERS, Algorithm.APPLICATION, app, HERE, SERVERS) for app in APPS]
    assert all(found.count(member) > len(APPS) / 6 for member in MEMBERS.members)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_shard_of_a_cluster_secret_decides_and_wraps_around(algorithm: Algorithm) -> None:
    for shard in range(5):
        cluster = Cluster("https://c.example", "c", shard=shard)
        found = {owner(MEMBERS, algorithm, app, cluster, SERVERS) for app in APPS}
        assert found == {MEMBERS.members[shard % 3]}


def test_an_application_without_a_known_cluster_is_somebody_s_and_without_members_nobody_s() -> None:
    assert owner(MEMBERS, Algorithm.LEGACY, APPS[0], None, SERVERS) in MEMBERS.members
    assert owner(Shards([]), Algorithm.LEGACY, APPS[0], HERE, SERVERS) is None


@contextmanager
def replicas(bench: Bench) -> Iterator[tuple[Bench, Bench]]:
    """Two in place of the single process."""
    bench.kill()
    made = [Bench(bench.world, bench.remote, replica=name) for name in ("one", "two")]
    for replica in made:
        replica.start()
    bench.world.pass_time(30)
    try:
        yield made[0], made[1]
    finally:
        for replica in made:
            replica.kill()
            replica.pool.close()


def test_every_application_is_synced_by_exactly_one_of_two_replicas_and_by_the_other_when_it_is_gone(
    bench: Bench,
) -> None:
    bench.git.push(REPO, {f"app-{number}/a.yaml": config(f"c{number}", "one") for number in range(12)})
    with replicas(bench) as (one, two):
        for number in range(12):
            source = {"repoURL": REPO, "path": f"app-{number}", "targetRevision": "main"}
            bench.create(application(f"app-{number}", source=source))
        names = [f"app-{number}" for number in range(12)]
        bench.world.run_until(lambda: all(one.synced(name) for name in names))
        mine = [name for name in names if one.gitops.owns(Key("argocd", name))]
        theirs = [name for name in names if two.gitops.owns(Key("argocd", name))]
        assert sorted([*mine, *theirs]) == sorted(names)
        assert mine
        assert theirs
        for replica, own in ((one, mine), (two, theirs)):
            assert replica.gitops.clusters.here.applier.writes == len(own)
        one.kill()
        lost = mine[0].replace("app-", "c")
        bench.world.pass_time(20)
        bench.world.run(bench.world.client.delete(CONFIG_MAPS, lost, "default"))
        bench.world.run_until(lambda: two.value(lost) == "one")
        assert all(two.gitops.owns(Key("argocd", name)) for name in names)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_for_every_application_exactly_one_replica_passes_the_fence(bench: Bench, algorithm: Algorithm) -> None:
    """By the very function by which its controller begins to work on it, whatever the algorithm is."""
    bench.parameters(controller__sharding__algorithm=algorithm.value)
    with replicas(bench) as both:
        for app in APPS[:20]:
            bench.create(application(app.name, syncPolicy=None))
        bench.world.pass_time(5)
        for app in APPS[:20]:
            passing = [replica.replica for replica in both if _may_write(replica, app)]
            owning = [replica.replica for replica in both if replica.gitops.owns(app)]
            assert len(passing) == 1
            assert passing == owning


def _may_write(replica: Bench, app: Key) -> bool:
    """As the fence asks while the controller of Applications looks at this one."""
    assert replica.membership is not None
    token = WORKING_ON.set(Turn(CONTROLLER, app, replica.gitops.owns))
    try:
        return replica.membership.may_write()
    finally:
        WORKING_ON.reset(token)


def test_a_turn_carries_its_controller_s_name_and_its_way_to_own(bench: Bench) -> None:
    seen: list[Turn | None] = []
    bench.create(application())
    bench.world.run_until(bench.synced)

    class Noting(WrappingClient):
        async def write(self, request: Write) -> JsonObject:
            seen.append(WORKING_ON.get())
            return await super().write(request)

    bench.kill()
    bench.client = Noting(bench.world.client)
    bench.start()
    bench.git.push(REPO, {"conf/a.yaml": config("a", "next")})
    bench.world.run_until(lambda: bench.value("a") == "next" and bench.synced())
    turns = [turn for turn in seen if turn is not None]
    assert {turn.controller for turn in turns} == {"applications"}
    assert {turn.key for turn in turns} == {Key("argocd", "app")}
