"""PreDelete and PostDelete hooks: held for, run once, tried again, cleaned up by their policies (spec 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.gitops.deletion import hooks as deletion_hooks
from argosy.gitops.deletion import stages as deletion
from argosy.gitops.deletion.hooks import Hook, next_step
from argosy.gitops.keys import PROJECTS, ResourceKey, resource_key
from argosy.machinery.objects import JsonObject, Key
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.hook_jobs import JOBS, Jobs, job
from tests.kit.world import CONFIG_MAPS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CASCADE = deletion.FINALIZER
PRE = ["pre-delete-finalizer.argocd.argoproj.io", "pre-delete-finalizer.argocd.argoproj.io/cleanup"]
POST = ["post-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io/cleanup"]
HOOK_FINALIZER = "argocd.argoproj.io/hook-finalizer"


# -- the decision ----------------------------------------------------------------------------------------------------


def made(name: str, status: str = "", mark: str = "PreDelete u", **metadata: object) -> JsonObject:
    """A Job as it is live; `status`: Complete, Failed or still running."""
    annotations = {"argocd.argoproj.io/hook": "PreDelete", deletion_hooks.MADE_FOR: mark}
    found = [{"type": status, "status": "True", "message": "it says why"}] if status else []
    head = {"name": name, "namespace": "default", "annotations": annotations, **metadata}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": head, "spec": {}, "status": {"conditions": found}}


def hook(name: str, wave: int = 0) -> Hook:
    return Hook(resource_key(made(name)), made(name), wave)


def key(name: str) -> ResourceKey:
    return ResourceKey("batch", "Job", "default", name)


GOING: dict[str, Any] = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": [HOOK_FINALIZER]}
CASES = [
    # what is live of `a` (wave 0) and `b` (wave 1), seconds since a recorded failure, what is done
    ({}, None, "create a"),
    ({"a": made("a")}, None, "wait"),
    ({"a": made("a", "Complete")}, None, "create b"),
    ({"a": made("a", "Complete"), "b": made("b")}, None, "wait"),
    ({"a": made("a", "Complete"), "b": made("b", "Complete")}, None, "done"),
    ({"a": made("a", mark="")}, None, "clear a"),
    ({"a": made("a", "Complete", mark="PostDelete u")}, None, "clear a"),
    ({"a": made("a", "Failed")}, None, "failed default/a (it says why)"),
    ({"a": made("a", "Failed")}, 5, "clear a, again in 25"),
    ({"a": made("a", "Failed")}, 30, "failed default/a (it says why)"),
    ({}, 29, "again in 1"),
    ({}, 30, "create a"),
    ({"a": made("a", "Complete"), "b": made("b", "Failed")}, None, "failed default/b (it says why)"),
    ({"a": made("a", "Complete")}, 10, "again in 20"),
    ({"a": made("a", **GOING)}, None, "failed default/a (deleted before it ended)"),
    ({"a": made("a", "Complete", **GOING)}, None, "create b"),
]


@pytest.mark.parametrize(("live", "since", "wanted"), CASES)
def test_what_is_done_with_the_hooks_of_a_deletion(live: dict[str, JsonObject], since: int | None, wanted: str) -> None:
    failed_at = None if since is None else NOW - timedelta(seconds=since)
    step = next_step([hook("a"), hook("b", 1)], {key(n): obj for n, obj in live.items()}, failed_at, NOW)
    told = [f"create {item.key.name}" for item in step.create]
    told += [f"clear {item.name}" for item in step.clear] + [f"failed {text}" for text in step.failed]
    told += [f"again in {step.retry_after:g}"] if step.retry_after else []
    told += ["done"] if step.is_done else []
    assert (", ".join(told) or "wait") == wanted


def test_without_hooks_the_stage_is_over() -> None:
    assert next_step([], {}, None, NOW).is_done


@pytest.mark.parametrize(
    ("statuses", "policy", "goes"),
    [
        (["Complete"], "HookSucceeded", True), (["Complete"], "HookFailed", False), (["Complete"], "", False),
        (["Failed"], "HookFailed", True), (["Complete", "Failed"], "HookFailed", True),
        (["Complete", "Failed"], "HookSucceeded", False), ([""], "HookSucceeded,HookFailed", False),
    ],
)  # fmt: skip
def test_hooks_go_by_their_policies_and_the_worst_health_of_all(statuses: list[str], policy: str, goes: bool) -> None:
    hooks = {}
    for number, status in enumerate(statuses):
        obj = made(f"h{number}", status)
        if policy:
            obj["metadata"]["annotations"]["argocd.argoproj.io/hook-delete-policy"] = policy
        hooks[resource_key(obj)] = obj
    assert deletion_hooks.cleared(hooks) == (sorted(hooks) if goes else [])


@pytest.mark.parametrize(
    ("given", "phases", "wanted"),
    [
        (["x"], {"PreDelete", "PreSync"}, ["x", *PRE]), (["x", *PRE], {"PreDelete"}, ["x", *PRE]),
        ([*PRE, "x"], set(), ["x"]), ([PRE[1]], {"PreDelete", "PostDelete"}, [PRE[1], PRE[0], *POST]),
    ],
)  # fmt: skip
def test_an_application_is_held_for_the_hooks_that_its_manifests_have(
    given: list[str], phases: set[str], wanted: list[str]
) -> None:
    assert deletion.with_hooks(given, phases) == wanted


# -- complete deletions ----------------------------------------------------------------------------------------------


def start(bench: Bench, finalizers: tuple[str, ...] = (CASCADE,), **files: str) -> Jobs:
    """Synced, with these files in addition to a and b."""
    jobs = Jobs(bench.world)
    given = {"conf/a.yaml": config("a", "one"), **{f"conf/{n}.yaml": text for n, text in files.items()}}
    bench.git.push(REPO, given)
    app = application()
    app["metadata"]["finalizers"] = list(finalizers)
    bench.create(app)
    bench.world.run_until(bench.synced)
    return jobs


def finalizers(bench: Bench, name: str = "app") -> list[str]:
    return list(bench.app(name)["metadata"].get("finalizers") or ())


def there(bench: Bench, name: str) -> bool:
    return bench.world.caches.cache(JOBS).get(Key("default", name)) is not None


def gone(bench: Bench) -> bool:
    return not bench.app()


def test_the_finalizers_come_and_go_with_the_hooks_in_the_manifests(bench: Bench) -> None:
    start(bench, pre=job("pre", "PreDelete"), post=job("post", "PostDelete"))
    assert finalizers(bench) == [CASCADE, *PRE, *POST]
    assert bench.get(JOBS, "pre") is None
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.refresh()
    assert finalizers(bench) == [CASCADE]


def test_helm_hooks_hold_too(bench: Bench) -> None:
    text = job("pre", "X").replace('argocd.argoproj.io/hook: "X"', "helm.sh/hook: pre-delete")
    jobs = start(bench, pre=text)
    assert finalizers(bench) == [CASCADE, *PRE]
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["pre"]


def test_nothing_is_deleted_before_the_predelete_hook_succeeded(bench: Bench) -> None:
    jobs = start(bench, pre=job("pre", "PreDelete"))
    bench.delete("app")
    bench.world.run_until(lambda: jobs.made == ["pre"])
    bench.world.pass_time(4)
    assert bench.value("a") == "one"
    bench.world.run_until(lambda: gone(bench))
    assert bench.value("a") is None


def test_a_failing_hook_is_reported_and_tried_again_after_exactly_thirty_seconds(bench: Bench) -> None:
    jobs = start(bench, pre=job("pre", "PreDelete"))
    jobs.failing.add("pre")
    bench.delete("app")
    failed = bench.world.run_until(lambda: "DeletionError" in bench.conditions())
    words = "error executing pre-delete hooks: PreDelete hook(s) failed: default/pre (pre ended)"
    assert bench.conditions()["DeletionError"] == words
    bench.world.run_until(lambda: not there(bench, "pre"))
    again = bench.world.run_until(lambda: len(jobs.made) == 2)
    assert timedelta(seconds=29) < again - failed <= timedelta(seconds=30)
    assert bench.conditions()["DeletionError"] == words
    bench.world.run_until(lambda: not there(bench, "pre"))
    jobs.failing.clear()
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["pre"] * 3
    assert bench.value("a") is None


def test_a_hook_is_fixed_in_its_source(bench: Bench) -> None:
    jobs = start(bench, pre=job("bad", "PreDelete"))
    jobs.failing.add("bad")
    bench.delete("app")
    bench.world.run_until(lambda: "DeletionError" in bench.conditions())
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/pre.yaml": job("good", "PreDelete")})
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["bad", "good"]


def test_hooks_of_a_higher_wave_wait_for_those_of_a_lower(bench: Bench) -> None:
    first, second = job("first", "PostDelete", sync_wave="-1"), job("a-second", "PostDelete")
    jobs = start(bench, first=first, second=second)
    bench.delete("app")
    bench.world.run_until(lambda: jobs.made == ["first"])
    bench.world.pass_time(4)
    assert jobs.made == ["first"]
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["first", "a-second"]


def test_without_a_policy_a_hook_stays_free_of_our_finalizer(bench: Bench) -> None:
    start(bench, (), pre=job("pre", "PreDelete"), post=job("post", "PostDelete"))
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    for name in ("pre", "post"):
        left = bench.get(JOBS, name)
        assert left is not None
        assert not left["metadata"].get("finalizers")
    assert bench.value("a") == "one"


def test_a_stage_without_its_cleanup_leaves_no_finalizer_either(bench: Bench) -> None:
    start(bench, (), pre=job("pre", "PreDelete"))
    bench.patch("app", {"metadata": {"finalizers": PRE[:1]}})
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    left = bench.get(JOBS, "pre")
    assert left is not None
    assert not left["metadata"].get("finalizers")


def test_what_a_sync_left_under_the_hooks_name_is_no_outcome_of_the_deletion(bench: Bench) -> None:
    jobs = start(bench, both=job("both", "PostSync,PreDelete"))
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert jobs.made == ["both"]
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["both", "both"]


def test_one_manifest_for_both_phases_runs_in_each(bench: Bench) -> None:
    jobs = start(bench, (), both=job("both", "PreDelete,PostDelete"))
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["both", "both"]


def test_a_hook_without_a_name_gets_one_that_is_the_same_at_every_look(bench: Bench) -> None:
    text = job("x", "PreDelete").replace("  name: x\n", "  generateName: run-\n")
    jobs = start(bench, pre=text)
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert len(jobs.made) == 1
    assert jobs.made[0].startswith("run-predelete-")


def test_anothers_object_is_not_taken_for_the_hook(bench: Bench) -> None:
    start(bench, pre=job("pre", "PreDelete"))
    pod = {"containers": [{"name": "c", "image": "busybox"}], "restartPolicy": "Never"}
    body = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": pod}}}
    bench.create({**body, "metadata": {"name": "pre", "namespace": "default"}}, JOBS)
    bench.delete("app")
    words = "PreDelete hook batch/Job/default/pre is there already, and is not of this application"
    bench.world.run_until(lambda: bench.conditions().get("DeletionError") == words)
    bench.delete("pre", JOBS, "default")
    bench.world.run_until(lambda: gone(bench))


def test_the_project_forbids_a_hook_as_it_forbids_an_object(bench: Bench) -> None:
    bench.create_project("team")
    jobs = Jobs(bench.world)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/pre.yaml": job("pre", "PreDelete")})
    bench.create(application(project="team"))
    bench.world.run_until(bench.synced)
    bench.patch("team", {"spec": {"namespaceResourceBlacklist": [{"group": "batch", "kind": "*"}]}}, PROJECTS)
    bench.delete("app")
    words = "PreDelete hook Job pre: resource batch:Job is not permitted in project team"
    bench.world.run_until(lambda: bench.conditions().get("DeletionError") == words)
    bench.world.pass_time(120)
    assert jobs.made == []
    bench.patch("team", {"spec": {"namespaceResourceBlacklist": None}}, PROJECTS)
    bench.world.run_until(lambda: gone(bench))
    assert jobs.made == ["pre"]


def test_an_unknown_destination_holds_nothing(bench: Bench) -> None:
    start(bench, pre=job("pre", "PreDelete"), post=job("post", "PostDelete"))
    bench.patch("app", {"spec": {"destination": {"server": "https://gone.example"}}})
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert bench.value("a") == "one"


def test_an_application_deleted_while_a_sync_hook_runs_takes_the_hook_along(bench: Bench) -> None:
    bench.world.caches.cache(JOBS)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/long.yaml": job("long", "PreSync")})
    app = application()
    app["metadata"]["finalizers"] = [CASCADE]
    bench.create(app)
    bench.world.run_until(lambda: there(bench, "long"))
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert bench.get(JOBS, "long") is None


def test_a_parent_neither_sees_nor_undoes_the_hold_for_its_childs_hooks(bench: Bench) -> None:
    child = application("child", source={"repoURL": REPO, "path": "child", "targetRevision": "main"})
    child["metadata"]["finalizers"] = [CASCADE]
    files = {"conf/child.yaml": str(child).replace("True", "true"), "conf/b.yaml": config("b", "one")}
    files |= {"child/a.yaml": config("a", "one"), "child/pre.yaml": job("pre", "PreDelete")}
    bench.git.push(REPO, files)
    bench.create(application("parent"))
    bench.world.run_until(lambda: bench.synced("child") and bench.synced("parent"))
    bench.world.pass_time(10)
    assert finalizers(bench, "child") == [CASCADE, *PRE]
    writes = bench.gitops.status_writes
    bench.world.pass_time(60)
    assert bench.gitops.status_writes == writes
    assert bench.sync_status("parent") == "Synced"
    bench.git.push(REPO, {**files, "conf/b.yaml": config("b", "two")})
    bench.refresh("parent")
    bench.world.run_until(lambda: bench.value("b") == "two" and bench.synced("parent"))
    bench.world.pass_time(10)
    assert finalizers(bench, "child") == [CASCADE, *PRE]


def test_configuration_without_a_check_is_healthy_at_once(bench: Bench) -> None:
    text = config("note", "x", hook="PostDelete", hook_delete_policy="HookSucceeded")
    start(bench, note=text)
    made = []
    cache = bench.world.caches.cache(CONFIG_MAPS)
    cache.on_change(lambda old, new: made.append(new["metadata"]["name"]) if new and not old else None)
    bench.delete("app")
    bench.world.run_until(lambda: gone(bench))
    assert made[-1] == "note"
    assert bench.get(CONFIG_MAPS, "note") is None
