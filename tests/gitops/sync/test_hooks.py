"""Hooks in complete syncs: once each, deleted by their policies, stopped on request, whatever crashes."""

from __future__ import annotations

import pytest

from argosy.gitops.keys import ResourceKey
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS, NAMESPACES

JOBS = Resource("batch", "v1", "jobs", "Job")
FINALIZER = "argocd.argoproj.io/hook-finalizer"


def job(name: str, hook: str, policy: str = "") -> str:
    marks = f"argocd.argoproj.io/hook: {hook}" + (
        f", argocd.argoproj.io/hook-delete-policy: {policy}" if policy else ""
    )
    pod = "{containers: [{name: c, image: busybox}], restartPolicy: Never}"
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  annotations: {{{marks}}}\n"
        f"spec: {{backoffLimit: 0, template: {{spec: {pod}}}}}\n"
    )


def end(bench: Bench, name: str, kind: str = "Complete") -> None:
    """What the Job controller writes."""
    condition = {"type": kind, "status": "True", "message": f"{name} ended"}
    bench.world.run(
        bench.world.client.patch(
            JOBS, name, "default", {"status": {"conditions": [condition]}}, PatchType.MERGE, subresource="status"
        )
    )


def push(bench: Bench, *, value: str = "one", **jobs: str) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", value), **{f"conf/{n}.yaml": text for n, text in jobs.items()}})


def until_job(bench: Bench, name: str) -> JsonObject:
    found: list[JsonObject] = []

    def there() -> bool:
        job = bench.gitops.live.get(_key(name))
        found[:] = [job] if job is not None and not job["metadata"].get("deletionTimestamp") else []
        return bool(found)

    bench.world.run_until(there)
    return found[0]


def _key(name: str) -> ResourceKey:
    return ResourceKey("batch", "Job", "default", name)


def test_a_sync_waits_for_its_presync_hook_and_records_it(bench: Bench) -> None:
    push(bench, pre=job("pre", "PreSync"))
    bench.create(application())
    made = until_job(bench, "pre")
    assert made["metadata"]["finalizers"] == [FINALIZER]
    bench.world.run_until(lambda: "waiting for completion of hook batch/Job/pre" in str(bench.state().get("message")))
    assert bench.value("a") is None
    end(bench, "pre")
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert bench.value("a") == "one"
    result = bench.result("Job", "pre")
    assert (result["hookType"], result["hookPhase"], result["syncPhase"]) == ("PreSync", "Succeeded", "PreSync")
    kept = bench.get(JOBS, "pre")
    assert kept is not None
    assert not kept["metadata"].get("finalizers")


def test_while_a_sync_waits_the_application_is_looked_at_and_refreshed_all_the_same(bench: Bench) -> None:
    push(bench)
    bench.create(application(syncPolicy={}))
    bench.sync()
    bench.world.run_until(bench.synced)
    push(bench, value="two", pre=job("pre", "PreSync"))
    bench.sync()
    until_job(bench, "pre")
    bench.refresh()
    assert (bench.phase(), bench.sync_status()) == ("Running", "OutOfSync")
    push(bench, value="one", pre=job("pre", "PreSync"))
    bench.refresh()
    assert (bench.phase(), bench.sync_status()) == ("Running", "Synced")
    bench.delete("a", CONFIG_MAPS, "default")
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    assert bench.phase() == "Running"


def test_the_next_sync_deletes_the_old_hook_and_makes_it_again(bench: Bench) -> None:
    push(bench, pre=job("pre", "PreSync"))
    bench.create(application())
    first = until_job(bench, "pre")["metadata"]["uid"]
    end(bench, "pre")
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    push(bench, value="two", pre=job("pre", "PreSync"))
    bench.refresh()
    bench.world.run_until(
        lambda: (bench.gitops.live.get(_key("pre")) or {}).get("metadata", {}).get("uid") not in (first, None)
    )
    end(bench, "pre")
    bench.world.run_until(lambda: bench.value("a") == "two" and bench.phase() == "Succeeded")


@pytest.mark.parametrize(
    ("policy", "outcome", "stays"),
    [
        ("HookSucceeded", "Complete", False),
        ("HookSucceeded", "Failed", True),
        ("HookFailed", "Complete", True),
        ("HookFailed", "Failed", False),
        ("BeforeHookCreation", "Complete", True),
    ],
)
def test_a_hook_is_deleted_by_its_policy_when_the_sync_ends(
    bench: Bench, policy: str, outcome: str, stays: bool
) -> None:
    push(bench, pre=job("pre", "PreSync", policy))
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    until_job(bench, "pre")
    end(bench, "pre", outcome)
    bench.world.run_until(lambda: bench.phase() == ("Succeeded" if outcome == "Complete" else "Failed"))
    bench.world.pass_time(5)
    assert (bench.get(JOBS, "pre") is not None) is stays


def test_a_failed_hook_fails_the_sync_and_runs_the_syncfail_hooks(bench: Bench) -> None:
    push(bench, pre=job("pre", "PreSync"), sad=job("sad", "SyncFail"))
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    until_job(bench, "pre")
    end(bench, "pre", "Failed")
    until_job(bench, "sad")
    assert bench.phase() == "Running"
    end(bench, "sad")
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert "one or more synchronization tasks completed unsuccessfully, reason: pre ended" in bench.state()["message"]
    assert bench.value("a") is None


def test_terminating_deletes_the_hooks_that_run(bench: Bench) -> None:
    push(bench, pre=job("pre", "PreSync"))
    bench.create(application(syncPolicy={"automated": {}}))
    until_job(bench, "pre")
    bench.patch("app", {"status": {"operationState": {"phase": "Terminating"}}})
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert bench.state()["message"] == "Operation terminated"
    bench.world.pass_time(2)
    assert bench.get(JOBS, "pre") is None
    assert bench.value("a") is None


def test_a_sync_that_lasts_too_long_is_terminated(bench: Bench) -> None:
    parameters = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"controller.sync.timeout.seconds": "60"}}
    bench.create(parameters | {"metadata": {"name": "argocd-cmd-params-cm", "namespace": "argocd"}}, CONFIG_MAPS)
    push(bench, pre=job("pre", "PreSync"))
    bench.create(application(syncPolicy={"automated": {}}))
    until_job(bench, "pre")
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert bench.state()["message"] == "Operation terminated"


def test_what_a_later_wave_would_be_refused_for_stops_the_sync_before_the_first(bench: Bench) -> None:
    marks = "annotations: {argocd.argoproj.io/sync-wave: '1'}"
    bad = f"apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n  {marks}\nspec: {{ports: []}}\n"
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/s.yaml": bad})
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert bench.state()["message"].startswith("one or more objects failed to apply (dry run), reason: ")
    assert bench.value("a") is None


def test_a_dry_run_expects_the_namespace_and_the_kinds_that_the_sync_would_bring(bench: Bench) -> None:
    names = "{plural: widgets, singular: widget, kind: Widget}"
    schema = "{openAPIV3Schema: {type: object}}"
    spec = (
        f"{{group: example.com, scope: Namespaced, names: {names}, "
        f"versions: [{{name: v1, served: true, storage: true, schema: {schema}}}]}}"
    )
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        f"metadata: {{name: widgets.example.com}}\nspec: {spec}\n"
    )
    widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
    bench.git.push(REPO, {"conf/crd.yaml": definition, "conf/w.yaml": widget, "conf/a.yaml": config("a", "one")})
    place = {"server": "https://kubernetes.default.svc", "namespace": "fresh"}
    bench.create(application(destination=place, syncPolicy={"syncOptions": ["CreateNamespace=true"]}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync(dryRun=True)
    bench.world.run_until(lambda: bench.phase() not in ("", "Running"))
    assert bench.phase() == "Succeeded", bench.state()["message"]
    assert bench.result("ConfigMap", "a")["message"] == "configmap/a created (dry run)"
    assert bench.result("Widget", "w")["message"] == "widget.example.com/w created (dry run)"
    assert bench.get(NAMESPACES, "fresh", "") is None


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(bench: Bench) -> None:
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync(dryRun=True)
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert bench.result("ConfigMap", "b")["message"] == "configmap/b created (dry run)"
    assert (bench.value("a"), bench.value("b")) == (None, None)
    assert "history" not in bench.status()
    assert bench.sync_status() == "OutOfSync"
