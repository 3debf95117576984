"""A new process replaces one that died and knows nothing: it continues from the record, and does nothing twice.

The stories of tests/hardship cover death at every single write.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.gitops.keys import ResourceKey
from argosy.runtime.virtual import START
from argosy.sources.git.scripted import ScriptedGit
from tests.kit.gitops import REPO, Bench, application, config, prepare
from tests.kit.hook_jobs import JOBS, Jobs, job
from tests.kit.world import World

FILES = {
    "conf/pre.yaml": job("pre", "PreSync"),
    "conf/a.yaml": config("a", "one"),
    "conf/b.yaml": config("b", "two", sync_wave="1"),
    "conf/post.yaml": job("post", "PostSync"),
}


def is_done(bench: Bench) -> bool:
    return bench.synced() and bench.phase() == "Succeeded" and bench.value("b") == "two"


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
def test_the_whole_process_continues_from_its_journal(tmp_path: Path, moment: str) -> None:
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
        world.pass_time(60)  # what was done may still have to be compared
        writes = bench.gitops.status_writes
        world.pass_time(600)
        assert bench.gitops.status_writes == writes
        # The second world's cache shows every Job there is once: those made before, and those made since.
        assert sorted(jobs.made) == ["post", "pre"]
        assert set(made) <= {"pre", "post"}
        assert [item["id"] for item in bench.status()["history"]] == [0]
        bench.kill()
        bench.pool.close()


def test_a_process_that_is_asked_to_stop_finishes_its_work_and_starts_nothing_more() -> None:
    git = ScriptedGit()
    git.push(REPO, FILES)
    with World(seed=7) as world:
        prepare(world)
        bench, _ = Bench(world, git), Jobs(world)
        bench.start()
        bench.create(application(syncPolicy={"automated": {}}))
        began = world.run_until(lambda: at(bench, "pre runs"))
        world.run(bench.gitops.stop())
        assert world.clock.now() == began, "what waits for a hook is not waited for"
        count = bench.gitops.passes.count
        bench.patch("app", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
        world.pass_time(60)
        assert bench.gitops.passes.count == count
        bench.kill()
        bench.pool.close()
