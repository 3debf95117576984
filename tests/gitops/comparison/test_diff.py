"""The small rules, as tables: refresh levels, order, jq paths, masking, settings, tracking, retries, deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.apis.argoproj.application import SyncOperation
from argosy.gitops.comparison.jq import paths
from argosy.gitops.comparison.jq.delete_paths import without_paths
from argosy.gitops.control_plane.settings import Settings, settings_of
from argosy.gitops.deletion import stages as deletion
from argosy.gitops.keys import ResourceKey
from argosy.gitops.model import resource_tracking
from argosy.gitops.model.secret_masking import masked
from argosy.gitops.refresh import level as refresh
from argosy.gitops.refresh.level import Level
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync import retry
from argosy.gitops.sync.options import options_of
from argosy.gitops.sync.tasks import Pair, tasks_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOURCE = {"repoURL": "https://git.example/app", "path": "."}
HERE = {"name": "in-cluster"}
COMPARED = {"source": SOURCE, "destination": HERE}


def app(*, compared: Any = COMPARED, refreshed: str = "", **spec: Any) -> JsonObject:
    marks = {"argocd.argoproj.io/refresh": refreshed} if refreshed else {}
    status = {"sync": {"comparedTo": compared}} if compared else {}
    return {
        "metadata": {"annotations": marks},
        "spec": {"source": SOURCE, "destination": HERE, **spec},
        "status": status,
    }


@pytest.mark.parametrize(
    ("given", "requested", "overdue", "level", "hard"),
    [
        (app(), Level.NOTHING, False, Level.NOTHING, False),
        (app(refreshed="normal"), Level.NOTHING, False, Level.FORCED, False),
        (app(refreshed="hard"), Level.NOTHING, False, Level.FORCED, True),
        (app(compared=None), Level.NOTHING, False, Level.FORCED, False),
        (app(source={**SOURCE, "path": "x"}), Level.NOTHING, False, Level.FORCED, False),
        (app(source={**SOURCE, "helm": {"skipCrds": False}}), Level.NOTHING, False, Level.NOTHING, False),
        (app(), Level.RECENT, True, Level.LATEST, False),
        (app(destination={"name": "other"}), Level.NOTHING, False, Level.LATEST, False),
        (app(ignoreDifferences=[{"kind": "X"}]), Level.NOTHING, False, Level.LATEST, False),
        (app(), Level.RECENT, False, Level.RECENT, False),
    ],
)
def test_how_thoroughly_an_application_is_compared_again(
    given: JsonObject, requested: Level, level: Level, *, overdue: bool, hard: bool
) -> None:
    found = refresh.decide(given, requested=requested, overdue=overdue)
    assert (found.level, found.hard) == (level, hard)


def thing(kind: str, name: str, wave: str = "", namespace: str = "x", **marks: str) -> JsonObject:
    notes = {f"argocd.argoproj.io/{key.replace('_', '-')}": value for key, value in marks.items()}
    if wave:
        notes["argocd.argoproj.io/sync-wave"] = wave
    version = {"Deployment": "apps/v1", "Job": "batch/v1"}.get(kind, "v1")
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "annotations": notes},
    }


def names(*objects: JsonObject, gone: tuple[JsonObject, ...] = (), options: tuple[str, ...] = ()) -> list[str]:
    def key(obj: JsonObject) -> ResourceKey:
        group = obj["apiVersion"].rpartition("/")[0]
        return ResourceKey(group, obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"])

    pairs = [Pair(key(obj), obj, None) for obj in objects] + [Pair(key(obj), None, obj) for obj in gone]
    return [task.key.name for task in tasks_of(pairs, SyncOperation(), options_of(options))]


def test_order_is_phase_wave_prunes_kind_name() -> None:
    objects = (
        thing("Deployment", "d"), thing("ConfigMap", "c2"), thing("ConfigMap", "c1"), thing("Secret", "s"),
        thing("ConfigMap", "late", "1"), thing("ConfigMap", "early", "-1"),
        thing("Job", "post", hook="PostSync"), thing("Job", "pre", hook="PreSync"), thing("Widget", "w"),
    )  # fmt: skip
    assert names(*objects) == ["pre", "early", "s", "c1", "c2", "d", "w", "late", "post"]


def test_prunes_go_in_reverse_wave_order_first_in_their_wave() -> None:
    gone = (thing("ConfigMap", "g0"), thing("ConfigMap", "g1", "1"))
    assert names(thing("ConfigMap", "a"), thing("ConfigMap", "b", "1"), gone=gone) == ["g1", "a", "g0", "b"]


def test_prune_last_is_after_everything() -> None:
    gone = (thing("ConfigMap", "g0"),)
    found = names(thing("ConfigMap", "a"), thing("ConfigMap", "b", "1"), gone=gone, options=("PruneLast=true",))
    assert found == ["a", "b", "g0"]


def test_a_namespace_is_applied_before_its_first_user() -> None:
    space = thing("Namespace", "x", "5", namespace="")
    assert names(thing("ConfigMap", "a"), space) == ["x", "a"]


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        (".spec.replicas", {"spec": {"l": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]}, "a.b": 1}),
        (".spec.l[0]", {"spec": {"replicas": 1, "l": [{"n": "b", "v": 2}]}, "a.b": 1}),
        (".spec.l[].v", {"spec": {"replicas": 1, "l": [{"n": "a"}, {"n": "b"}]}, "a.b": 1}),
        ('.spec.l[] | select(.n == "b")', {"spec": {"replicas": 1, "l": [{"n": "a", "v": 1}]}, "a.b": 1}),
        (
            '.spec.l[] | select(.n == "b") | .v',
            {"spec": {"replicas": 1, "l": [{"n": "a", "v": 1}, {"n": "b"}]}, "a.b": 1},
        ),
        ('.["a.b"]', {"spec": {"replicas": 1, "l": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]}}),
        (".spec.l, .spec.replicas", {"spec": {}, "a.b": 1}),
        (".nothing.here", None),
        (".spec?", {"a.b": 1}),
    ],
)
def test_jq_paths_delete_what_they_lead_to(expression: str, left: JsonObject | None) -> None:
    given = {"spec": {"replicas": 1, "l": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]}, "a.b": 1}
    assert without_paths(given, paths.paths(given, expression)) == (given if left is None else left)


def test_equal_secrets_look_equal_and_nothing_else_is_revealed() -> None:
    last = '{"kind":"Secret","data":{"p":"eA=="}}'
    marks = {"kubectl.kubernetes.io/last-applied-configuration": last, "token": "t"}
    target = {"apiVersion": "v1", "kind": "Secret", "data": {"p": "eA==", "q": "eQ=="}}
    live = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"annotations": marks},
        "data": {"p": "eg==", "q": "eQ=="},
    }
    one, two = masked([target, live], ["token"])
    assert one is not None
    assert two is not None
    assert one["data"] == {"p": "+" * 8, "q": "+" * 8}
    assert two["data"] == {"p": "+" * 12, "q": "+" * 8}
    assert two["metadata"]["annotations"]["token"] == "+" * 8
    assert "eA==" not in str(two)


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [
        ({}, "tracking_method", "annotation"),
        ({"application.resourceTrackingMethod": "label"}, "tracking_method", "label"),
        ({"application.resourceTrackingMethod": "nonsense"}, "tracking_method", "annotation"),
        ({"timeout.reconciliation": "3m"}, "refresh_seconds", 180.0),
        ({"timeout.reconciliation": "60"}, "refresh_seconds", 60.0),
        ({"timeout.reconciliation": "soon"}, "refresh_seconds", 120.0),
        ({"resource.compareoptions": "ignoreAggregatedRoles: true"}, "ignore_aggregated_roles", True),
        ({"resource.compareoptions": "ignoreResourceStatusField: 'off'"}, "ignore_status", "none"),
        ({"resource.compareoptions": "[not: a map"}, "ignore_status", "all"),
        ({"cluster.inClusterEnabled": "false"}, "in_cluster_enabled", False),
    ],
)
def test_settings_are_read_and_what_cannot_be_read_counts_as_absent(
    config: dict[str, str], field: str, value: Any
) -> None:
    assert getattr(settings_of(config), field) == value


@pytest.mark.parametrize(
    ("config", "group", "kind", "excluded"),
    [
        ({}, "", "Event", True),
        ({}, "events.k8s.io", "Event", True),
        ({}, "coordination.k8s.io", "Lease", True),
        ({}, "", "ConfigMap", False),
        ({"resource.exclusions": "- {apiGroups: ['x.*'], kinds: ['*'], clusters: ['*']}"}, "x.y", "Z", True),
        ({"resource.inclusions": "- {apiGroups: [''], kinds: ['*'], clusters: ['*']}"}, "apps", "Deployment", True),
        ({"resource.inclusions": "- {apiGroups: ['apps'], kinds: ['*']}"}, "apps", "Deployment", False),
    ],
)
def test_excluded_kinds(config: dict[str, str], group: str, kind: str, *, excluded: bool) -> None:
    assert settings_of(config).excludes(group, kind, "https://here") is excluded


LABEL = "app.kubernetes.io/instance"
MARK = "argocd.argoproj.io/tracking-id"


@pytest.mark.parametrize(
    ("method", "marked", "labelled"),
    [
        ("annotation", "app:apps/Deployment:x/d", ""),
        ("label", "", "app"),
        ("annotation+label", "app:apps/Deployment:x/d", "app"),
    ],
)
def test_tracking_marks_are_written_and_read(method: str, marked: str, labelled: str) -> None:
    settings = Settings(tracking_method=method)
    made = resource_tracking.tracked(thing("Deployment", "d"), "app", "x", settings)
    assert made["metadata"].get("annotations", {}).get(MARK, "") == marked
    assert (made["metadata"].get("labels") or {}).get(LABEL, "") == labelled
    assert resource_tracking.owner_of(made, settings) == "app"
    assert resource_tracking.is_self_referenced(made, settings)


def test_the_label_next_to_the_annotation_is_cut_to_what_a_label_may_hold() -> None:
    made = resource_tracking.tracked(
        thing("Deployment", "d"), "a" * 62 + "-tail", "x", Settings(tracking_method="annotation+label")
    )
    assert made["metadata"]["labels"][LABEL] == "a" * 62


def test_another_installations_objects_are_not_ours() -> None:
    ours, theirs = Settings(installation_id="one"), Settings(installation_id="two")
    made = resource_tracking.tracked(thing("Deployment", "d"), "app", "x", ours)
    assert (resource_tracking.owner_of(made, ours), resource_tracking.owner_of(made, theirs)) == ("app", "")


def test_copied_marks_are_not_self_referenced_and_children_have_no_owner_among_applications() -> None:
    made = resource_tracking.tracked(thing("Deployment", "d"), "app", "x", Settings())
    copied = {**made, "kind": "StatefulSet"}
    assert not resource_tracking.is_self_referenced(copied, Settings())
    child = {**made, "metadata": {**made["metadata"], "ownerReferences": [{"kind": "Deployment", "name": "d"}]}}
    assert resource_tracking.owner_of(child, Settings()) == ""


def test_an_object_that_only_bears_the_old_label_does_not_differ_for_it() -> None:
    target = resource_tracking.tracked(thing("Deployment", "d"), "app", "x", Settings())
    live = resource_tracking.tracked(thing("Deployment", "d"), "app", "x", Settings(tracking_method="label"))
    assert resource_tracking.migrated(live, target, Settings()) == {
        **target,
        "metadata": {**target["metadata"], "labels": {}},
    }
    other = resource_tracking.tracked(live, "other", "x", Settings())
    assert resource_tracking.migrated(other, target, Settings()) is other
    assert resource_tracking.migrated(live, target, Settings(tracking_method="label")) is live


@pytest.mark.parametrize("text", ["", "app", "a:b", "a:b/c:d", "a:bc:d/e"])
def test_other_text_is_no_tracking_id(text: str) -> None:
    assert resource_tracking.parse(text) is None


@pytest.mark.parametrize(
    ("backoff", "count", "waits"),
    [
        ({}, 0, 5), ({}, 1, 10), ({}, 5, 160), ({}, 6, 180), ({}, 1000, 180),
        ({"duration": "1s", "factor": 3}, 2, 9), ({"duration": "7"}, 0, 7), ({"duration": "never"}, 0, 5),
        ({"duration": "10m", "maxDuration": "1h"}, 3, 3600),
    ],
)  # fmt: skip
def test_retries_wait_longer_each_time_up_to_the_longest(backoff: dict[str, Any], count: int, waits: float) -> None:
    state = {"finishedAt": seconds(NOW), "retryCount": count, "operation": {"retry": {"limit": -1, "backoff": backoff}}}
    assert retry.next_retry_at(state) == NOW + timedelta(seconds=waits)


@pytest.mark.parametrize(
    ("phase", "limit", "count", "again"),
    [
        ("Failed", 0, 0, False), ("Failed", 1, 0, True), ("Failed", 1, 1, False), ("Error", 2, 1, True),
        ("Failed", -1, 99, True), ("Succeeded", 5, 0, False),
    ],
)  # fmt: skip
def test_which_operations_are_tried_again(phase: str, limit: int, count: int, *, again: bool) -> None:
    state = {"startedAt": seconds(NOW), "retryCount": count, "operation": {"retry": {"limit": limit}}}
    made = operation.ended(state, phase, "it broke", seconds(NOW))
    assert operation.awaits_retry(made) is again
    if again:
        assert f"it broke. Retrying attempt #{count + 1} at 12:0" in made["message"]
    elif count and phase != "Succeeded":
        assert made["message"] == f"it broke (retried {count} times)."
    assert not operation.awaits_retry(operation.ended(state, phase, "x", seconds(NOW), terminated=True))


@pytest.mark.parametrize(
    ("finalizers", "stage", "how"),
    [
        ([], None, "Foreground"), (["other"], None, "Foreground"), ([deletion.FINALIZER], "cascade", "Foreground"),
        ([f"{deletion.FINALIZER}/foreground"], "cascade", "Foreground"),
        ([f"{deletion.FINALIZER}/background"], "cascade", "Background"),
        ([deletion.POST_DELETE, deletion.FINALIZER, deletion.PRE_DELETE], "PreDelete", "Foreground"),
        ([f"{deletion.PRE_DELETE}/cleanup", deletion.POST_DELETE], "PostDelete", "Foreground"),
        ([f"{deletion.POST_DELETE}/cleanup", f"{deletion.PRE_DELETE}/cleanup"], "PreDelete cleanup", "Foreground"),
        ([f"{deletion.POST_DELETE}/cleanup"], "PostDelete cleanup", "Foreground"),
    ],
)  # fmt: skip
def test_which_stage_of_a_deletion_is_next(finalizers: list[str], stage: str | None, how: str) -> None:
    assert deletion.next_stage(finalizers) == stage
    assert deletion.propagation(finalizers) == how


def test_objects_go_highest_wave_first_and_what_is_to_stay_stays() -> None:
    me = ResourceKey("argoproj.io", "Application", "argocd", "app")
    given = {
        ResourceKey("", "ConfigMap", "x", "low"): thing("ConfigMap", "low"),
        ResourceKey("", "ConfigMap", "x", "high"): thing("ConfigMap", "high", "2"),
        ResourceKey("", "ConfigMap", "x", "kept"): thing("ConfigMap", "kept", "9", sync_options="Delete=false"),
        ResourceKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "d"): thing(
            "CustomResourceDefinition", "d", "9"
        ),
        me: thing("Application", "app", "9"),
    }
    assert [key.name for key in deletion.next_wave(given, me, options_of(()))] == ["high"]
    del given[ResourceKey("", "ConfigMap", "x", "high")]
    assert [key.name for key in deletion.next_wave(given, me, options_of(()))] == ["low"]
    del given[ResourceKey("", "ConfigMap", "x", "low")]
    assert deletion.next_wave(given, me, options_of(())) == []
