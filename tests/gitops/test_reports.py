"""What operators reported of the engine, each as the rule that it broke."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import yaml

from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.gitops.keys import LAST_APPLIED, PROJECTS, ResourceKey
from argosy.gitops.model.external_urls import external_urls
from argosy.gitops.model.images import images_of
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.gitops import NAMESPACES, REPO, Bench, application, config, project
from tests.kit.hook_jobs import JOBS, Jobs, job
from tests.kit.world import CONFIG_MAPS

QUICK = timedelta(seconds=20)
QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")
AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}


def synced(bench: Bench, files: dict[str, str], **spec: Any) -> None:
    bench.git.push(REPO, files)
    bench.create(application(**spec))
    bench.world.run_until(lambda: bench.synced() and bench.phase() in ("Succeeded", ""))
    bench.world.pass_time(10)


# -- what is deleted -------------------------------------------------------------------------------------------------


def test_a_child_that_takes_over_a_renamed_child_s_objects_keeps_them(bench: Bench) -> None:
    def child(name: str) -> JsonObject:
        made = application(name)
        made["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
        return made

    bench.create(child("before"))
    bench.world.run_until(lambda: bench.synced("before"))
    for _ in range(3):
        # Renamed as a parent does: the new one is there, and takes over, while the old one goes.
        bench.create(child("after"))
        bench.delete("before")
        bench.world.run_until(lambda: not bench.app("before") and bench.synced("after"))
        bench.world.pass_time(60)
        assert (bench.value("a"), bench.value("b")) == ("one", "two")
        bench.create(child("before"))
        bench.delete("after")
        bench.world.run_until(lambda: not bench.app("after") and bench.synced("before"))
        bench.world.pass_time(60)
        assert (bench.value("a"), bench.value("b")) == ("one", "two")


def test_what_another_application_took_over_meanwhile_is_not_deleted(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    key = ResourceKey("", "ConfigMap", "default", "a")
    seen = bench.gitops.live.get(key)
    assert seen is not None
    mark = {"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "other:/ConfigMap:default/a"}}}
    bench.patch("a", mark, CONFIG_MAPS, "default")
    with pytest.raises(StatusError) as refusal:
        bench.world.run(bench.gitops.clusters.here.applier.delete(seen, "Background"))
    assert refusal.value.is_conflict
    assert bench.get(CONFIG_MAPS, "a") is not None


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n"


def in_team(managed: bool, **more: Any) -> dict[str, Any]:
    policy: JsonObject = {"automated": {"prune": True}, "syncOptions": ["CreateNamespace=true"]}
    if managed:
        policy["managedNamespaceMetadata"] = {"labels": {"owner": "team"}}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "team"}
    return {"destination": destination, "syncPolicy": policy, **more}


@pytest.mark.parametrize("managed", [True, False])
def test_the_namespace_that_a_sync_makes_is_not_pruned_when_git_no_longer_says_it(bench: Bench, managed: bool) -> None:
    synced(bench, {"conf/ns.yaml": NAMESPACE, "conf/a.yaml": config("a", "one")}, **in_team(managed))
    bench.git.push(REPO, {"conf/a.yaml": config("a", "two")})
    bench.world.run_until(lambda: bench.value("a", "team") == "two")
    bench.world.pass_time(600)
    assert bench.get(NAMESPACES, "team", "") is not None
    assert bench.value("a", "team") == "two"
    assert bench.sync_status() == "Synced"
    approved = bench.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    bench.patch("app", {"metadata": {"annotations": {"argocd.argoproj.io/deletion-approved": approved}}})
    bench.refresh()
    bench.sync(prune=True)
    bench.world.pass_time(60)
    assert (bench.get(NAMESPACES, "team", "") is None or is_going(bench)) is not managed


def test_an_approval_lets_the_namespace_go_with_the_next_sync(bench: Bench) -> None:
    synced(bench, {"conf/ns.yaml": NAMESPACE, "conf/a.yaml": config("a", "one")}, **in_team(managed=False))
    bench.git.push(REPO, {"conf/a.yaml": config("a", "two")})
    bench.world.run_until(lambda: bench.value("a", "team") == "two" and bench.phase() == "Succeeded")
    bench.world.pass_time(10)
    assert bench.sync_status() == "Synced"
    approved = bench.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    bench.patch("app", {"metadata": {"annotations": {"argocd.argoproj.io/deletion-approved": approved}}})
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync", within=QUICK)
    bench.world.pass_time(5)
    bench.sync(prune=True)
    bench.world.pass_time(20)
    assert bench.get(NAMESPACES, "team", "") is None or is_going(bench)


def test_an_object_whose_deletion_the_apply_completes_is_made_again(bench: Bench) -> None:
    """Client-side apply drops the finalizer that kubectl applied, so the object goes although it was just written."""
    held = yaml.safe_load(config("a", "old"))
    held["metadata"] |= {"namespace": "default", "finalizers": ["example.com/hold"]}
    held["metadata"]["annotations"] = {LAST_APPLIED: json.dumps(held)}
    bench.create(held, CONFIG_MAPS)
    bench.delete("a", CONFIG_MAPS, "default")
    synced(bench, {"conf/a.yaml": config("a", "one")})
    live = bench.get(CONFIG_MAPS, "a") or {}
    assert live["data"] == {"value": "one"}
    assert "deletionTimestamp" not in live["metadata"]
    assert (bench.sync_status(), bench.health()) == ("Synced", "Healthy")


def is_going(bench: Bench) -> bool:
    found = bench.get(NAMESPACES, "team", "") or {}
    return "deletionTimestamp" in (found.get("metadata") or {})


# -- when it is looked again -----------------------------------------------------------------------------------------


def changes() -> dict[str, JsonObject]:
    return {
        "automated on": {"spec": {"syncPolicy": {"automated": {}}}},
        "options": {"spec": {"syncPolicy": {"automated": {}, "syncOptions": ["ServerSideApply=true"]}}},
    }


@pytest.mark.parametrize("name", changes())
def test_every_change_of_spec_acts_at_once(bench: Bench, name: str) -> None:
    bench.create(application(syncPolicy=None))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.world.pass_time(5)
    bench.patch("app", changes()[name])
    bench.world.run_until(lambda: bench.synced() and bench.value("a") == "one", within=QUICK)


def test_a_permission_to_prune_all_acts_at_once(bench: Bench) -> None:
    synced(bench, {"conf/a.yaml": config("a", "one")}, syncPolicy={"automated": {"prune": True}})
    bench.git.push(REPO, {"conf/readme": ""})
    bench.world.run_until(lambda: "SyncError" in bench.conditions())
    bench.patch("app", {"spec": {"syncPolicy": {"automated": {"allowEmpty": True}}}})
    bench.world.run_until(lambda: bench.value("a") is None and bench.synced(), within=QUICK)


def test_a_change_of_a_project_s_windows_acts_at_once(bench: Bench) -> None:
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "24h", "applications": ["*"]}
    bench.create(project("shut", syncWindows=[window]), PROJECTS)
    bench.create(application(project="shut"))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.world.pass_time(5)
    assert bench.value("a") is None
    bench.patch("shut", {"spec": {"syncWindows": None}}, PROJECTS)
    bench.world.run_until(lambda: bench.value("a") == "one", within=QUICK)


@pytest.mark.parametrize("after", [1.0, 4.0, 20.0])
def test_a_commit_that_mends_a_failed_hook_takes_over_at_once_on_a_refresh(bench: Bench, after: float) -> None:
    jobs = Jobs(bench.world)
    jobs.failing.add("pre")
    retry = {"limit": 5, "backoff": {"duration": "10m", "maxDuration": "1h"}}
    files = {"conf/pre.yaml": job("pre", "PreSync"), "conf/a.yaml": config("a", "one")}
    bench.git.push(REPO, files)
    bench.create(application(syncPolicy={"automated": {}, "retry": retry}))
    bench.world.run_until(lambda: "Retrying" in str(bench.state().get("message")))
    bench.world.pass_time(after)
    jobs.failing.clear()
    bench.git.push(REPO, files | {"conf/pre.yaml": job("pre", "PreSync", note="mended")})
    bench.refresh()
    bench.world.run_until(lambda: bench.value("a") == "one", within=QUICK)


def test_a_refresh_asks_the_source_however_young_its_last_answer_is(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    for value in ("two", "three", "four"):
        bench.git.push(REPO, {"conf/a.yaml": config("a", value)})
        bench.refresh()
        bench.world.run_until(lambda value=value: bench.value("a") == value, within=QUICK)  # type: ignore[misc]


class Refusing(WrappingClient):
    """As a quota does."""

    is_full = True

    async def write(self, request: Any) -> JsonObject:
        if self.is_full and request.verb == "create" and request.resource.plural == "configmaps":
            raise StatusError(403, "Forbidden", "exceeded quota: count/configmaps")
        return await super().write(request)


def test_what_the_cluster_refused_is_tried_again_on_a_refresh(bench: Bench) -> None:
    bench.kill()
    client = Refusing(bench.world.client)
    bench.client = client
    bench.start()
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(lambda: bench.phase() == "Failed")
    client.is_full = False
    bench.world.pass_time(600)
    bench.refresh()
    bench.world.run_until(lambda: bench.value("a") == "one" and bench.synced(), within=QUICK)


def test_what_a_quota_refused_is_tried_again_when_the_quota_changes_and_not_for_ever(bench: Bench) -> None:
    bench.kill()
    client = Refusing(bench.world.client)
    bench.client = client
    bench.start()
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"}}
    bench.create({**quota, "spec": {"hard": {"pods": "1"}}}, QUOTAS)
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(lambda: bench.phase() == "Failed")
    ended = {bench.state()["finishedAt"]}
    for number in range(20):
        bench.patch("q", {"spec": {"hard": {"pods": str(number + 2)}}}, QUOTAS, "default")
        bench.world.pass_time(90)
        ended.add(bench.state()["finishedAt"])
    assert 3 <= len(ended) <= 7
    bench.git.push(REPO, {"conf/a.yaml": config("a", "two")})
    bench.refresh()
    bench.world.run_until(lambda: bench.phase() == "Failed" and bench.state()["finishedAt"] not in ended)
    client.is_full = False
    bench.patch("q", {"spec": {"hard": {"pods": "99"}}}, QUOTAS, "default")
    bench.world.run_until(lambda: bench.value("a") == "two" and bench.synced(), within=QUICK)


# -- self-healing ----------------------------------------------------------------------------------------------------


def drift_after_an_unrelated_commit(bench: Bench, **automated: bool) -> Jobs:
    jobs = Jobs(bench.world)
    files = {"conf/pre.yaml": job("pre", "PreSync"), "conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "x")}
    synced(bench, files, syncPolicy={"automated": automated})
    bench.git.push(REPO, {**files, "elsewhere/readme": "text"})
    bench.refresh()  # so that the status shows the new revision
    bench.world.pass_time(10)
    assert len(bench.status()["history"]) == 1
    bench.patch("a", {"data": {"value": "drift"}}, CONFIG_MAPS, "default")
    return jobs


def test_drift_after_an_unrelated_commit_is_healed_without_a_hook_and_without_a_new_deployment(bench: Bench) -> None:
    jobs = drift_after_an_unrelated_commit(bench, selfHeal=True)
    bench.world.run_until(lambda: bench.value("a") == "one" and bench.synced())
    assert jobs.made == ["pre"]
    assert len(bench.status()["history"]) == 1
    assert [item["name"] for item in bench.state()["operation"]["sync"]["resources"]] == ["a"]


def test_drift_after_an_unrelated_commit_stays_where_self_healing_is_off(bench: Bench) -> None:
    jobs = drift_after_an_unrelated_commit(bench)
    bench.world.pass_time(600)
    assert (bench.value("a"), bench.sync_status(), jobs.made) == ("drift", "OutOfSync", ["pre"])


def test_a_namespace_that_somebody_deleted_comes_back_with_what_it_held(bench: Bench) -> None:
    files = {"conf/ns.yaml": NAMESPACE, "conf/a.yaml": config("a", "one")}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "team"}
    cluster = bench.world.cluster
    workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), bench.world.clock)

    async def start() -> None:
        workloads.start()

    bench.world.run(start())  # it empties namespaces, too
    synced(bench, files, destination=destination, syncPolicy=AUTOMATED)
    first = uid(bench)
    bench.delete("team", NAMESPACES, "")
    bench.world.run_until(
        lambda: (
            uid(bench) not in ("", first)
            and bench.value("a", "team") == "one"
            and bench.synced()
            and bench.entry("Namespace", "team") != {}
        ),
        within=timedelta(minutes=10),
    )
    workloads.stop()


def uid(bench: Bench) -> str:
    found = bench.world.caches.cache(NAMESPACES).get(Key("", "team")) or {}
    return str((found.get("metadata") or {}).get("uid") or "")


# -- what a sync makes of it -----------------------------------------------------------------------------------------


def test_a_job_that_did_its_work_and_went_is_done(bench: Bench) -> None:
    pod = "{containers: [{name: c, image: 'busybox:1'}], restartPolicy: Never}"
    text = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once, annotations: {argocd.argoproj.io/sync-wave: '-1'}}\n"
        f"spec: {{ttlSecondsAfterFinished: 0, template: {{spec: {pod}}}}}\n"
    )
    bench.git.push(REPO, {"conf/job.yaml": text, "conf/a.yaml": config("a", "one")})
    bench.create(application(syncPolicy={"automated": {}}))
    bench.world.run_until(lambda: bench.result("Job", "once") != {})
    bench.delete("once", JOBS, "default")
    bench.world.run_until(lambda: bench.value("a") == "one")
    assert bench.result("Job", "once")["hookPhase"] == "Succeeded"
    assert bench.result("Job", "once")["images"] == ["busybox:1"]


def test_a_hook_s_row_says_what_became_of_it(bench: Bench) -> None:
    Jobs(bench.world)
    synced(bench, {"conf/pre.yaml": job("pre", "PreSync"), "conf/a.yaml": config("a", "one")})
    row = bench.result("Job", "pre")
    assert (row["status"], row["hookPhase"], row["message"]) == ("Synced", "Succeeded", "pre ended")


def test_only_hooks_that_live_are_reported(bench: Bench) -> None:
    Jobs(bench.world)
    skipped = config("kept-out", "x", hook="Skip")
    files = {
        "conf/pre.yaml": job("pre", "PreSync"),
        "conf/post.yaml": job("post", "PostSync", "HookSucceeded"),
        "conf/fail.yaml": job("fail", "SyncFail"),
        "conf/skip.yaml": skipped,
        "conf/a.yaml": config("a", "one"),
    }
    synced(bench, files)
    bench.refresh()
    told = {item["name"]: item for item in bench.status()["resources"]}
    assert set(told) == {"a", "kept-out", "pre"}
    assert (told["pre"]["hook"], told["pre"]["requiresPruning"]) == (True, True)
    assert "hook" not in told["kept-out"]


def test_rows_of_a_sync_that_was_refused_before_it_began_have_no_phase(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/w.yaml": "apiVersion: x.io/v1\nkind: Widget\nmetadata: {name: w}\n"})
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(lambda: bench.phase() == "Failed")
    row = bench.result("Widget", "w")
    assert row["status"] == "SyncFailed"
    assert "hookPhase" not in row


ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: []\n"


def test_the_rows_of_a_sync_keep_the_namespace_that_it_created_and_name_a_place_for_cluster_scoped_objects(
    bench: Bench,
) -> None:
    files = {"conf/r.yaml": ROLE, "conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "x", sync_wave="1")}
    synced(bench, files, **in_team(managed=False))
    rows = {(row["kind"], row["name"]): row for row in bench.state()["syncResult"]["resources"]}
    assert list(rows) == [("Namespace", "team"), ("ConfigMap", "a"), ("ClusterRole", "r"), ("ConfigMap", "b")]
    assert rows["Namespace", "team"]["namespace"] == ""
    assert rows["Namespace", "team"]["message"] == "namespace/team created"
    assert rows["ClusterRole", "r"]["namespace"] == "team"
    assert {row["status"] for row in rows.values()} == {"Synced"}
    assert {item["name"]: item.get("namespace") for item in bench.status()["resources"]} == {
        "a": "team", "b": "team", "r": None,
    }  # fmt: skip


def test_a_cluster_scoped_object_is_created_once_in_a_sync_of_several_waves(bench: Bench) -> None:
    files = {"conf/r.yaml": ROLE, "conf/a.yaml": config("a", "one", sync_wave="1")}
    synced(bench, files)
    assert bench.result("ClusterRole", "r")["message"] == "clusterrole.rbac.authorization.k8s.io/r created"


def test_the_reasons_why_a_sync_is_not_valid_are_sorted_and_joined(bench: Bench) -> None:
    kinds = {"zz.io": "Zed", "aa.io": "Aye"}
    files = {f"conf/{g}.yaml": f"apiVersion: {g}/v1\nkind: {k}\nmetadata: {{name: one}}\n" for g, k in kinds.items()}
    bench.git.push(REPO, files)
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(lambda: bench.phase() == "Failed")
    first, second = (
        f"The Kubernetes API could not find {kind} for requested resource default/one. "
        f'Make sure the "{kind.partition("/")[2]}" CRD is installed on the destination cluster.'
        for kind in ("aa.io/Aye", "zz.io/Zed")
    )
    assert bench.state()["message"] == f"one or more synchronization tasks are not valid: {first}; {second}"


def test_drift_is_healed_although_the_clock_was_set_back_since_the_last_sync(bench: Bench) -> None:
    synced(bench, {"conf/a.yaml": config("a", "one")})
    for value in ("x", "y"):
        later = (bench.world.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        bench.patch("app", {"status": {"operationState": {"startedAt": later, "finishedAt": later}}})
        bench.patch("a", {"data": {"value": value}}, CONFIG_MAPS, "default")
        bench.world.run_until(lambda: bench.value("a") == "one", within=QUICK)
        bench.world.run_until(lambda: bench.phase() == "Succeeded" and bench.synced(), within=QUICK)


# -- what is reported ------------------------------------------------------------------------------------------------


def test_a_revision_that_is_not_there_leaves_health_as_it_lives(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.patch("app", {"spec": {"source": {"targetRevision": "nope"}}})
    bench.world.run_until(lambda: bench.sync_status() == "Unknown")
    assert (bench.health(), bench.status()["sync"]["revision"]) == ("Healthy", "nope")
    bench.world.pass_time(600)
    assert (bench.health(), bench.status()["sync"]["revision"]) == ("Healthy", "nope")
    writes = bench.gitops.status_writes
    bench.world.pass_time(600)
    assert bench.gitops.status_writes == writes
    bench.patch("app", {"spec": {"source": {"targetRevision": "main"}}})
    bench.world.run_until(bench.synced)


def test_a_namespace_that_the_project_refuses_is_out_of_sync_with_the_reason(bench: Bench) -> None:
    text = config("far", "x").replace("name: far", "name: far\n  namespace: elsewhere")
    bench.git.push(REPO, {"conf/a.yaml": text})
    here = [{"server": "*", "namespace": "default"}]
    bench.create(project("narrow", destinations=here), PROJECTS)
    bench.create(application(project="narrow", syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert bench.entry("ConfigMap", "far")["status"] == "OutOfSync"
    assert "namespace elsewhere is not permitted in project 'narrow'" in bench.state()["message"]


def ingress(rules: list[JsonObject], **more: Any) -> JsonObject:
    annotations = more.pop("annotations", {})
    metadata = {"name": "web", "namespace": "default", "annotations": annotations}
    spec = {"rules": rules, **{name: value for name, value in more.items() if name == "tls"}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec} | {
        name: value for name, value in more.items() if name == "status"
    }


def rule(host: str, *paths: str) -> JsonObject:
    return {**({"host": host} if host else {}), "http": {"paths": [{"path": path} for path in paths]}}


@pytest.mark.parametrize(
    ("obj", "urls"),
    [
        (ingress([rule("a.example", "/", "/x*")]), ["http://a.example/", "http://a.example/x"]),
        (ingress([rule("a.example", "/")], tls=[{"hosts": ["a.example"]}]), ["https://a.example/"]),
        (ingress([rule("", "/")]), []),
        (ingress([rule("", "/")], status={"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}), ["http://10.0.0.1/"]),
        (ingress([rule("a.example", "/")], annotations={"link.argocd.argoproj.io/d": "https://d.example"}),
         ["http://a.example/", "https://d.example"]),
        (ingress([rule("a.example", "/")], annotations={"argocd.argoproj.io/ignore-default-links": "true"}), []),
        ({"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "spec": {"rules": "odd", "tls": 7}}, []),
        ({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"annotations": {"link.argocd.argoproj.io/d": "x|https://d"}}},
         ["x|https://d"]),
    ],
)  # fmt: skip
def test_where_an_application_is_reached(obj: JsonObject, urls: list[str]) -> None:
    assert external_urls([obj]) == urls


def test_images_of_odd_objects_are_none() -> None:
    assert images_of({"spec": {"containers": "odd"}}) == []
    assert images_of(
        {"spec": {"containers": [7, {"image": "a"}, {"image": "a"}], "initContainers": [{"image": "i"}]}}
    ) == ["a"]


SERVICES = Resource("", "v1", "services", "Service")
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: s}
spec:
  selector: {app: a}
  ports: [{name: http, port: 80, targetPort: 8080}]
"""


@pytest.mark.parametrize("options", [[], ["ServerSideApply=true"], ["Replace=true"]])
def test_a_port_that_was_changed_by_hand_is_healed(bench: Bench, options: list[str]) -> None:
    """argo-cd#4864: merged by port, the list would have two of one name, which the server refuses."""
    policy = {**AUTOMATED, "syncOptions": options}
    synced(bench, {"conf/s.yaml": SERVICE}, syncPolicy=policy)
    found = bench.get(SERVICES, "s") or {}
    ports = [{**found["spec"]["ports"][0], "port": 81}]
    bench.patch("s", {"spec": {"ports": ports}}, SERVICES, "default")
    bench.world.pass_time(60)
    live = bench.get(SERVICES, "s") or {}
    assert [one["port"] for one in live["spec"]["ports"]] == [80]
    assert (bench.phase(), bench.sync_status()) == ("Succeeded", "Synced")
