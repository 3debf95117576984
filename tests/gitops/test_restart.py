"""A process that dies is followed by one that knows nothing: it goes on from the record, and does nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from argosy.gitops.keys import ResourceKey
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.virtual import START
from argosy.sources.git.scripted import ScriptedGit
from kit.gitops import REPO, Bench, application, config, prepare
from kit.mortal import Mortal
from kit.world import World

JOBS = Resource("batch", "v1", "jobs", "Job")
HOOKS = ("pre", "post")


def job(name: str, hook: str) -> str:
    pod = "{containers: [{name: c, image: busybox}], restartPolicy: Never}"
    head = f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n"
    return f"{head}  annotations: {{argocd.argoproj.io/hook: {hook}}}\nspec: {{template: {{spec: {pod}}}}}\n"


FILES = {
    "conf/pre.yaml": job("pre", "PreSync"),
    "conf/a.yaml": config("a", "one"),
    "conf/b.yaml": config("b", "two", sync_wave="1"),
    "conf/post.yaml": job("post", "PostSync"),
}


class Jobs:
    """Ends each hook Job five seconds after it was made, and counts them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: list[str] = []
        cache = world.caches.cache(JOBS)
        cache.on_change(self._heard)

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if old is None and new is not None:
            self.made.append(new["metadata"]["name"])
            self.world.clock.call_later(5.0, lambda: self._end(new["metadata"]["name"]))

    def _end(self, name: str) -> None:
        condition = {"type": "Complete", "status": "True"}
        work = self.world.client.patch(
            JOBS, name, "default", {"status": {"conditions": [condition]}}, PatchType.MERGE, subresource="status"
        )
        self._task = asyncio.get_running_loop().create_task(work)


def is_done(bench: Bench) -> bool:
    return bench.synced() and bench.phase() == "Succeeded" and bench.value("b") == "two"


def check(bench: Bench, jobs: Jobs) -> None:
    assert (bench.value("a"), bench.value("b")) == ("one", "two")
    assert sorted(jobs.made) == ["post", "pre"]
    assert [item["id"] for item in bench.status()["history"]] == [0]
    results = bench.state()["syncResult"]["resources"]
    assert [item["name"] for item in results] == ["pre", "a", "b", "post"]
    assert {item["hookPhase"] for item in results if item.get("hookType")} == {"Succeeded"}


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("number", range(1, 35))
def test_a_process_that_dies_at_any_write_is_followed_without_loss_or_doubling(number: int, *, before: bool) -> None:
    with World(seed=number) as world:
        prepare(world)
        bench, jobs = Bench(world, ScriptedGit()), Jobs(world)
        bench.git.push(REPO, FILES)
        bench.create(application(syncPolicy={"automated": {}}))
        mortal = Mortal(world.client, number, before=before)
        bench.client = mortal
        bench.start()
        world.run_until(lambda: mortal.is_dead or is_done(bench))
        if mortal.is_dead:
            bench.kill()
            bench.client = world.client
            bench.start()
        world.run_until(lambda: is_done(bench))
        world.pass_time(60)
        check(bench, jobs)
        bench.kill()
        bench.pool.close()


def test_the_undisturbed_sync_makes_no_more_writes_than_are_died_at() -> None:
    with World(seed=1) as world:
        prepare(world)
        bench, jobs = Bench(world, ScriptedGit()), Jobs(world)
        bench.git.push(REPO, FILES)
        mortal = Mortal(world.client, 1000)
        bench.client = mortal
        bench.start()
        bench.create(application(syncPolicy={"automated": {}}))
        world.run_until(lambda: is_done(bench))
        check(bench, jobs)
        bench.kill()
        bench.pool.close()
        assert 1000 - mortal.left <= 34


MOMENTS = ["pre runs", "first wave", "post runs", "done"]


def at(bench: Bench, moment: str) -> bool:
    message = str(bench.state().get("message"))
    match moment:
        case "pre runs":
            return "hook batch/Job/pre" in message
        case "first wave":
            return bench.gitops.live.get(ResourceKey("", "ConfigMap", "default", "a")) is not None
        case "post runs":
            return "hook batch/Job/post" in message
    return is_done(bench)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_whole_world_goes_on_from_its_journal(tmp_path: Path, moment: str) -> None:
    git = ScriptedGit()
    git.push(REPO, FILES)
    with World(seed=7, data_dir=tmp_path) as world:
        prepare(world)
        bench, jobs = Bench(world, git), Jobs(world)
        bench.start()
        bench.create(application(syncPolicy={"automated": {}}))
        stopped = world.run_until(lambda: at(bench, moment))
        made = list(jobs.made)
        bench.kill()
        bench.pool.close()
    assert stopped > START
    with World(seed=8, start=stopped, data_dir=tmp_path) as world:
        world.caches.cache(JOBS)
        bench, jobs = Bench(world, git), Jobs(world)
        bench.start()
        world.run_until(lambda: is_done(bench))
        writes = bench.gitops.status_writes
        world.pass_time(600)
        assert bench.gitops.status_writes == writes
        # The second world's cache shows every Job there is once: those made before, and those made since.
        assert sorted(jobs.made) == ["post", "pre"]
        assert set(made) <= {"pre", "post"}
        assert [item["id"] for item in bench.status()["history"]] == [0]
        bench.kill()
        bench.pool.close()
