"""A process that dies is followed by one that knows nothing: it goes on from the record, and does nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from argosy.gitops.keys import APPLICATIONS, ResourceKey
from argosy.machinery.objects import JsonObject
from argosy.runtime.virtual import START
from argosy.sources.git.scripted import ScriptedGit
from kit.gitops import REPO, Bench, application, config, prepare
from kit.hook_jobs import JOBS, Jobs, job
from kit.mortal import Mortal
from kit.world import CONFIG_MAPS, World

FILES = {
    "conf/pre.yaml": job("pre", "PreSync"),
    "conf/a.yaml": config("a", "one"),
    "conf/b.yaml": config("b", "two", sync_wave="1"),
    "conf/post.yaml": job("post", "PostSync"),
}


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


# -- deletion --------------------------------------------------------------------------------------------------------

WHOLE = {
    "conf/before.yaml": job("before", "PreDelete"),
    "conf/a.yaml": config("a", "one"),
    "conf/b.yaml": config("b", "two", sync_wave="1"),
    "conf/after.yaml": job("after", "PostDelete", "HookSucceeded"),
}


class Story:
    """In which order hooks were made and objects went, and who was still there."""

    def __init__(self, world: World) -> None:
        self.told: list[str] = []
        for resource in (JOBS, CONFIG_MAPS):
            world.caches.cache(resource).on_change(self._heard)

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        obj = new or old or {}
        name = obj["metadata"]["name"]
        if name in ("a", "b") and new is None:
            self.told.append(f"{name} gone")
        if name in ("before", "after") and (old is None or new is None):
            self.told.append(f"{name} {'gone' if new is None else 'made'}")


@contextmanager
def synced(seed: int) -> Iterator[tuple[World, Bench, Jobs, Story]]:
    with World(seed=seed) as world:
        prepare(world)
        bench, jobs, story = Bench(world, ScriptedGit()), Jobs(world), Story(world)
        bench.git.push(REPO, WHOLE)
        app = application(syncPolicy={"automated": {}})
        app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
        bench.create(app)
        bench.start()
        world.run_until(bench.synced)
        world.pass_time(5)
        bench.kill()
        yield world, bench, jobs, story
        bench.kill()
        bench.pool.close()


UNDISTURBED = ["before made", "b gone", "a gone", "before gone", "after made", "after gone"]
DELETION_WRITES = 16


def ended(world: World) -> bool:
    return not world.caches.cache(APPLICATIONS).list("argocd")


def tell(bench: Bench, jobs: Jobs, story: Story) -> None:
    bench.world.pass_time(60)
    # Of one wave, `a` and `before` go at once: which is seen first is chance.
    told = [item for item in story.told if item != "before gone"]
    assert told == [item for item in UNDISTURBED if item != "before gone"]
    assert story.told.count("before gone") == 1
    assert jobs.made == ["before", "after"]
    assert (bench.value("a"), bench.value("b"), bench.get(JOBS, "before"), bench.get(JOBS, "after")) == (None,) * 4


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("number", range(1, DELETION_WRITES + 1))
def test_a_deletion_that_dies_at_any_write_ends_as_an_undisturbed_one(number: int, *, before: bool) -> None:
    with synced(number) as (world, bench, jobs, story):
        world.caches.cache(APPLICATIONS)
        mortal = Mortal(world.client, number, before=before)
        bench.client = mortal
        bench.start()
        bench.delete("app")
        world.run_until(lambda: mortal.is_dead or ended(world))
        if mortal.is_dead:
            bench.kill()
            bench.client = world.client
            bench.start()
        world.run_until(lambda: ended(world))
        tell(bench, jobs, story)


def test_the_undisturbed_deletion_makes_no_more_writes_than_are_died_at() -> None:
    with synced(1) as (world, bench, jobs, story):
        world.caches.cache(APPLICATIONS)
        mortal = Mortal(world.client, 1000)
        bench.client = mortal
        bench.start()
        bench.delete("app")
        world.run_until(lambda: ended(world))
        tell(bench, jobs, story)
        assert 8 < 1000 - mortal.left <= DELETION_WRITES


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_process_that_dies_while_a_deletion_hook_fails_is_followed_by_one_that_tries_again_once(
    number: int, *, before: bool
) -> None:
    """The writes around the failure: hook created, failure recorded, hook let go and deleted, hook created again."""
    with synced(number) as (world, bench, jobs, story):
        world.caches.cache(APPLICATIONS)
        jobs.failing_once.add("before")
        mortal = Mortal(world.client, number, before=before)
        bench.client = mortal
        bench.start()
        bench.delete("app")
        world.run_until(lambda: mortal.is_dead)
        bench.kill()
        bench.client = world.client
        bench.start()
        world.run_until(lambda: ended(world))
        world.pass_time(60)
        assert jobs.made == ["before", "before", "after"]
        assert [item for item in story.told if item.endswith(" made")] == ["before made", "before made", "after made"]
        assert (bench.value("a"), bench.get(JOBS, "before"), bench.get(JOBS, "after")) == (None, None, None)
