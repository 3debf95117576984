"""Sync options that protect what is there: confirmation, shared objects, ignored differences, managed namespaces."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.gitops.comparison.normalizers import Rules
from argosy.gitops.sync.respect_ignore_differences import respecting
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds
from tests.kit.gitops import NAMESPACES, REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS


def approve(bench: Bench) -> None:
    marks = {"argocd.argoproj.io/deletion-approved": seconds(bench.world.clock.now())}
    bench.patch("app", {"metadata": {"annotations": marks}})


def test_pruning_what_needs_confirmation_waits_for_it(bench: Bench) -> None:
    b = config("b", "two", sync_options="Prune=confirm")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": b})
    bench.create(application())
    bench.world.run_until(bench.synced)
    assert bench.entry("ConfigMap", "b")["requiresDeletionConfirmation"] is True
    bench.git.push(REPO, {"conf/a.yaml": config("a", "three")})
    bench.refresh()
    bench.world.run_until(
        lambda: (
            bench.state().get("message") == "waiting for pruning confirmation of /ConfigMap/b"
            or "pruning confirmation of ConfigMap/b" in str(bench.state().get("message"))
        )
    )
    bench.world.pass_time(300)
    assert bench.value("b") == "two"
    bench.world.pass_time(1)
    approve(bench)
    bench.world.run_until(lambda: bench.value("b") is None and bench.synced())


def test_deleting_with_what_needs_confirmation_holds_everything_until_approved(bench: Bench) -> None:
    a = config("a", "one", sync_options="Delete=confirm")
    bench.git.push(REPO, {"conf/a.yaml": a, "conf/b.yaml": config("b", "two")})
    app = application()
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    bench.create(app)
    bench.world.run_until(bench.synced)
    bench.delete("app")
    bench.world.pass_time(300)
    assert (bench.value("a"), bench.value("b")) == ("one", "two")
    approve(bench)
    bench.world.run_until(lambda: not bench.app())
    assert (bench.value("a"), bench.value("b")) == (None, None)


def test_an_object_of_two_applications_is_warned_of_and_fails_where_asked(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.create(application("other", syncPolicy={"syncOptions": ["FailOnSharedResource=true"]}))
    text = "ConfigMap/a is part of applications argocd/other and app"
    bench.world.run_until(lambda: "SharedResourceWarning" in bench.conditions("other"))
    messages = [item["message"] for item in bench.status("other")["conditions"]]
    assert text in messages
    bench.sync("other", syncOptions=["FailOnSharedResource=true"])
    bench.world.run_until(lambda: bench.phase("other") == "Failed")
    assert bench.state("other")["message"].startswith(f"Shared resource found: {text}")
    assert bench.conditions() == {}


def test_what_is_ignored_is_not_overwritten_when_asked(bench: Bench) -> None:
    ignored = [{"kind": "ConfigMap", "name": "a", "jsonPointers": ["/data/value"]}]
    policy = {"automated": {}, "syncOptions": ["RespectIgnoreDifferences=true"]}
    bench.create(application(ignoreDifferences=ignored, syncPolicy=policy))
    bench.world.run_until(bench.synced)
    bench.patch("a", {"data": {"value": "mine"}}, CONFIG_MAPS, "default")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "from git"), "conf/b.yaml": config("b", "new")})
    bench.refresh()
    bench.world.run_until(lambda: bench.value("b") == "new" and bench.synced())
    assert bench.value("a") == "mine"


@pytest.mark.parametrize(
    ("target", "live", "rules", "made"),
    [
        ({"spec": {"n": 1}}, {"spec": {"n": 2}}, Rules(pointers=("/spec/n",)), {"spec": {"n": 2}}),
        ({"spec": {"n": 1}}, {"spec": {}}, Rules(pointers=("/spec/n",)), {"spec": {}}),
        ({"spec": {}}, {"spec": {"n": 2}}, Rules(pointers=("/spec/n",)), {"spec": {"n": 2}}),
        ({"l": [{"n": 1, "m": 1}]}, {"l": [{"n": 2, "m": 2}]}, Rules(pointers=("/l/0/n",)), {"l": [{"n": 2, "m": 1}]}),
        (
            {"l": [{"n": "x"}]},
            {"l": [{"n": "x"}, {"n": "injected"}]},
            Rules(paths=('.l[] | select(.n == "injected")',)),
            {"l": [{"n": "x"}, {"n": "injected"}]},
        ),
        ({"a": 1}, {"a": 2}, Rules(), {"a": 1}),
    ],
)
def test_ignored_fields_take_their_live_value(
    target: JsonObject, live: JsonObject, rules: Rules, made: JsonObject
) -> None:
    assert respecting(target, live, rules) == made


def test_a_managed_namespace_gets_its_metadata_by_server_side_apply(bench: Bench) -> None:
    bench.create_namespace("team")
    bench.patch("team", {"metadata": {"labels": {"theirs": "stays"}}}, NAMESPACES, "")
    policy = {
        "automated": {"selfHeal": True},
        "syncOptions": ["CreateNamespace=true"],
        "managedNamespaceMetadata": {"labels": {"tier": "gold"}, "annotations": {"owner": "us"}},
    }
    bench.create(application(destination={"name": "in-cluster", "namespace": "team"}, syncPolicy=policy))
    bench.world.run_until(bench.synced)
    found = bench.get(NAMESPACES, "team", "")
    assert found is not None
    assert found["metadata"]["labels"] | {"tier": "gold", "theirs": "stays"} == found["metadata"]["labels"]
    assert found["metadata"]["annotations"] == {"owner": "us"}
    entry = next(e for e in found["metadata"]["managedFields"] if e["manager"] == "argocd-controller")
    assert entry["operation"] == "Apply"
    assert bench.state()["syncResult"]["managedNamespaceMetadata"] == policy["managedNamespaceMetadata"]


def test_a_namespaces_metadata_needs_a_project_that_permits_namespaces(bench: Bench) -> None:
    """Else who may only deploy into a namespace would set what may run there (its pod-security level)."""
    bench.create_namespace("team")
    bench.create_project("tenant", clusterResourceWhitelist=[])
    policy = {
        "automated": {},
        "syncOptions": ["CreateNamespace=true"],
        "managedNamespaceMetadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
    }
    destination = {"name": "in-cluster", "namespace": "team"}
    bench.create(application(project="tenant", destination=destination, syncPolicy=policy))
    bench.world.run_until(lambda: bench.state().get("phase") == "Error")
    assert "Namespace is not permitted in project tenant" in bench.state()["message"]
    found = bench.get(NAMESPACES, "team", "")
    assert found is not None
    assert "pod-security.kubernetes.io/enforce" not in (found["metadata"].get("labels") or {})


def test_what_was_tracked_by_label_is_healed_after_the_method_became_annotation(bench: Bench) -> None:
    bench.settings(application__resourceTrackingMethod="label")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application())
    bench.world.run_until(bench.synced)
    settings = {"data": {"application.resourceTrackingMethod": "annotation"}}
    bench.patch("argocd-cm", settings, CONFIG_MAPS)
    bench.world.pass_time(5)
    assert bench.synced()
    bench.patch("a", {"data": {"value": "drift"}}, CONFIG_MAPS, "default")
    bench.world.run_until(lambda: bench.value("a") == "one", within=timedelta(seconds=30))
    bench.world.run_until(bench.synced)
    live = bench.get(CONFIG_MAPS, "a")
    assert live is not None
    assert live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] == "app:/ConfigMap:default/a"
