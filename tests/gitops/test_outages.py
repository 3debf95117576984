"""What goes wrong outside delays what it concerns, and nothing else; and what this replica has lost it lets go of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from argosy.gitops.keys import ResourceKey
from argosy.gitops.sync.executor import AT_ONCE
from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Served, Watch, Write
from argosy.machinery.status import StatusError
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.port import Credentials, Unavailable
from tests.kit.gitops import CRDS, REPO, Bench, application, config, opened, prepare
from tests.kit.world import CONFIG_MAPS, LEASES, World


def restarted(bench: Bench, client: Any) -> None:
    bench.kill()
    bench.client = client
    bench.start()


# -- discovery -------------------------------------------------------------------------------------------------------


class NoDiscovery(WrappingClient):
    down = 0
    in_version = False

    async def served(self, *, fresh: bool = False) -> Served:
        if self.down:
            self.down -= 1
            raise ConnectionResetError if self.in_version else StatusError(503, "ServiceUnavailable", "away")
        return await super().served(fresh=fresh)


def definition(group: str) -> JsonObject:
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
    metadata = {"name": f"widgets.{group}"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata} | {
        "spec": spec
    }


@pytest.mark.parametrize("in_version", [False, True])
def test_a_discovery_that_fails_is_tried_again_and_neither_restarts_the_room_nor_doubles_its_handlers(
    bench: Bench, *, in_version: bool
) -> None:
    client = NoDiscovery(bench.world.client)
    client.in_version = in_version
    restarted(bench, client)
    bench.create(application())
    bench.world.run_until(bench.synced)
    handlers = len(handlers_of(bench))
    for number in range(3):
        client.down = 3
        bench.create(definition(f"x{number}.io"), CRDS)
        bench.world.pass_time(60)
    assert not any(task.done() for task in bench._tasks)
    assert len(handlers_of(bench)) == handlers
    assert bench.gitops.live.kinds.preferred("x2.io", "Widget") is not None
    widget = "apiVersion: x2.io/v1\nkind: Widget\nmetadata: {name: w}\n"
    bench.git.push(REPO, {"conf/w.yaml": widget})
    bench.world.run_until(lambda: bench.synced() and bench.gitops.live.get(_widget()) is not None)


def handlers_of(bench: Bench) -> Any:
    """All who follow the cache of Applications."""
    return bench.gitops.plane.applications._cache._handlers  # type: ignore[attr-defined]


def _widget() -> ResourceKey:
    return ResourceKey("x2.io", "Widget", "default", "w")


def test_a_room_that_ends_and_is_started_again_hears_everything_once(bench: Bench) -> None:
    bench.world.pass_time(5)
    handlers = len(handlers_of(bench))

    async def again() -> None:
        room = bench._tasks.pop()
        room.cancel()
        await asyncio.wait([room])
        bench._tasks.append(asyncio.get_running_loop().create_task(bench.gitops.run()))

    for _ in range(2):
        bench.world.run(again())
        bench.world.pass_time(5)
    assert len(handlers_of(bench)) == handlers
    bench.create(application())
    bench.world.run_until(bench.synced)


def test_the_default_project_is_made_however_often_that_is_refused_at_first() -> None:
    class Refusing(WrappingClient):
        left = 4

        async def write(self, request: Write) -> JsonObject:
            if request.resource.plural == "appprojects" and self.left:
                self.left -= 1
                raise StatusError(503, "ServiceUnavailable", "away")
            return await super().write(request)

    with opened() as bench:
        bench.world.pass_time(1)
        bench.delete("default", resource=Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject"))
        restarted(bench, Refusing(bench.world.client))
        bench.world.run_until(lambda: bench.gitops.plane.project("default") is not None)


# -- what was written and never seen ---------------------------------------------------------------------------------


class Relisted(WrappingClient):
    """The watch of ConfigMaps shows nothing from `closed` on, and ends with 410 when `opened` again."""

    closed = False
    expire: asyncio.Future[None] | None = None

    async def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        async for event in super().follow(request):
            if self.closed and request.resource.plural == "configmaps":
                self.expire = asyncio.get_running_loop().create_future()
                await self.expire
                raise StatusError(410, "Expired", "too old resource version")
            yield event

    def reopen(self) -> None:
        self.closed = False
        assert self.expire is not None
        self.expire.set_result(None)


def test_an_object_that_was_made_and_deleted_before_the_cache_saw_it_is_no_ghost(bench: Bench) -> None:
    client = Relisted(bench.world.client)
    restarted(bench, client)
    bench.create(application(syncPolicy={"automated": {"prune": True}}))
    bench.world.run_until(bench.synced)
    bench.world.pass_time(5)
    client.closed = True
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/c.yaml": config("c", "new")})
    bench.world.run_until(lambda: bench.value("c") == "new")
    bench.world.pass_time(5)
    bench.delete("c", CONFIG_MAPS, "default")
    bench.world.pass_time(2)
    client.reopen()
    bench.world.pass_time(30)
    bench.refresh()
    assert bench.gitops.live.get(ResourceKey("", "ConfigMap", "default", "c")) is None
    assert bench.sync_status() == "OutOfSync"


def test_an_object_that_the_cache_does_not_show_yet_is_pruned_all_the_same(bench: Bench) -> None:
    client = Relisted(bench.world.client)
    restarted(bench, client)
    bench.create(application(syncPolicy=None))
    bench.sync()
    bench.world.run_until(bench.synced)
    client.closed = True
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/c.yaml": config("c", "new")})
    bench.sync()
    bench.world.run_until(lambda: bench.value("c") == "new" and bench.phase() == "Succeeded")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.sync(prune=True)
    bench.world.run_until(lambda: bench.value("c") is None)


# -- limits ----------------------------------------------------------------------------------------------------------


class Slow(WrappingClient):
    now = most = 0
    world: World

    async def write(self, request: Write) -> JsonObject:
        self.now += request.resource.plural == "configmaps"
        self.most = max(self.most, self.now)
        await self.world.clock.sleep(0.05)
        try:
            return await super().write(request)
        finally:
            self.now -= request.resource.plural == "configmaps"


def test_a_sync_of_many_objects_has_few_writes_in_flight(bench: Bench) -> None:
    client = Slow(bench.world.client)
    client.world = bench.world
    restarted(bench, client)
    bench.git.push(REPO, {f"conf/{n}.yaml": config(f"c{n}", "one") for n in range(200)})
    bench.create(application())
    bench.world.run_until(bench.synced)
    assert client.most == AT_ONCE


class HangingGit(ScriptedGit):
    """Of the repositories `hanging` none answers for half a minute, and then not either."""

    hanging: frozenset[str] = frozenset()
    asked: list[str]
    world: World

    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        self.asked.append(url)
        if url in self.hanging:
            await self.world.clock.sleep(30)
            raise Unavailable("no answer in time")
        return await super().resolve(url, revision, credentials, tag_prefix=tag_prefix, max_age=max_age)


DEAD = 20


def dead(number: int) -> str:
    return f"https://a-dead-{number:02}.example/x.git"


def hang(bench: Bench, git: HangingGit) -> None:
    for number in range(DEAD):
        git.push(dead(number), {"conf/a.yaml": config("x", "one")})
        source = {"repoURL": dead(number), "path": "conf", "targetRevision": "main"}
        bench.create(application(f"dead-{number}", source=source, syncPolicy=None))


def test_repositories_that_hang_delay_no_commit_elsewhere() -> None:
    git = HangingGit()
    git.asked = []
    with World(seed=7) as world:
        git.world = world
        prepare(world)
        bench = Bench(world, git)
        bench.start()
        git.push(REPO, {"conf/a.yaml": config("a", "zero")})
        bench.create(application())
        hang(bench, git)
        world.run_until(lambda: bench.value("a") == "zero" and bench.sync_status(f"dead-{DEAD - 1}") != "")
        world.pass_time(10)
        git.hanging = frozenset(dead(number) for number in range(DEAD))
        for value in ("one", "two", "three", "four"):
            pushed = world.clock.now()
            git.push(REPO, {"conf/a.yaml": config("a", value)})
            at = world.run_until(lambda value=value: bench.value("a") == value)  # type: ignore[misc]
            assert at - pushed < timedelta(seconds=121 + 60), value  # the interval and its jitter
        world.pass_time(3600)
        git.asked.clear()
        world.pass_time(3600)
        # A dead repository is asked now and then, not by every look and every poll.
        assert all(0 < git.asked.count(dead(number)) <= 10 for number in range(DEAD))
        git.hanging = frozenset()
        world.run_until(lambda: all(bench.sync_status(f"dead-{n}") == "OutOfSync" for n in range(DEAD)))
        bench.kill()
        bench.pool.close()


def test_new_applications_of_repositories_that_hang_delay_no_other_application() -> None:
    git = HangingGit()
    git.asked = []
    with World(seed=7) as world:
        git.world = world
        prepare(world)
        bench = Bench(world, git)
        bench.start()
        world.pass_time(5)
        git.hanging = frozenset(dead(number) for number in range(DEAD))
        hang(bench, git)
        world.pass_time(1)
        git.push(REPO, {"conf/a.yaml": config("a", "one")})
        bench.create(application())
        began = world.clock.now()
        assert world.run_until(lambda: bench.value("a") == "one") - began < timedelta(seconds=8)
        bench.kill()
        bench.pool.close()


# -- replicas --------------------------------------------------------------------------------------------------------


def test_what_another_replica_looks_after_or_is_gone_is_not_remembered() -> None:
    with World(seed=7) as world:
        prepare(world)
        git = ScriptedGit()
        git.push(REPO, {"conf/a.yaml": config("a", "one")})
        one, two = Bench(world, git, replica="one"), Bench(world, git, replica="two")
        one.start()
        world.pass_time(30)
        names = [f"app-{number}" for number in range(20)]
        for name in names:
            one.create(application(name, syncPolicy=None))
        world.pass_time(60)
        two.start()
        world.pass_time(60)
        owned = {id(bench): {key.name for key in bench.gitops.context.memory} for bench in (one, two)}
        assert owned[id(one)].isdisjoint(owned[id(two)])
        assert owned[id(one)] | owned[id(two)] == set(names)
        assert len(one.gitops.manifests._prepared) == len(owned[id(one)])
        for name in names:
            one.delete(name)
        world.pass_time(60)
        for bench in (one, two):
            assert not bench.gitops.context.memory
            assert not bench.gitops.manifests._prepared
        for number in range(3):
            two.kill()
            two.replica = f"two-{number}"
            two.start()
            world.pass_time(90)
        leases = world.run(world.client.list(LEASES, "argocd")).items
        assert sorted(lease["spec"]["holderIdentity"] for lease in leases) == ["one", "two-2"]
        for bench in (one, two):
            bench.kill()
            bench.pool.close()
