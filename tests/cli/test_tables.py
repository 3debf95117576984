"""Applications as text."""

from __future__ import annotations

import io

import pytest

from argosy.cli.app import tables
from argosy.cli.printing import object_name, table, write_manifest
from argosy.machinery.objects import JsonObject

COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"


def application(**changes: JsonObject) -> JsonObject:
    spec = {
        "project": "default",
        "source": {"repoURL": "https://git.example/shop.git", "path": "deploy", "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    }
    status = {"sync": {"status": "Synced", "revision": COMMIT}, "health": {"status": "Healthy"}}
    return {
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": spec | changes.get("spec", {}),
        "status": status | changes.get("status", {}),
    }


def test_columns_are_as_wide_as_their_widest_cell_and_the_last_is_not_padded() -> None:
    assert table(("A", "LONG"), [("one", ""), ("x", "y")]) == "A    LONG\none  \nx    y\n"


def test_the_list_has_upstreams_columns() -> None:
    header, row = tables.application_list([application()]).splitlines()
    assert header.split() == [
        "NAME",
        "CLUSTER",
        "NAMESPACE",
        "PROJECT",
        "STATUS",
        "HEALTH",
        "SYNCPOLICY",
        "CONDITIONS",
        "REPO",
        "PATH",
        "TARGET",
    ]
    assert row.split() == [
        "argocd/shop",
        "https://kubernetes.default.svc",
        "shop",
        "default",
        "Synced",
        "Healthy",
        "Manual",
        "<none>",
        "https://git.example/shop.git",
        "deploy",
        "main",
    ]


@pytest.mark.parametrize(
    ("automated", "word"),
    [(None, "Manual"), ({}, "Auto"), ({"prune": True}, "Auto-Prune"), ({"prune": True, "enabled": False}, "Manual")],
)
def test_the_sync_policy_is_one_word(automated: JsonObject | None, word: str) -> None:
    assert tables.sync_policy_word({"syncPolicy": {"automated": automated}} if automated is not None else {}) == word


def test_conditions_are_counted_by_type() -> None:
    found = [{"type": "SyncError"}, {"type": "ComparisonError"}, {"type": "SyncError"}]
    assert tables.conditions_summary(found) == "ComparisonError,SyncError(2)"


def test_a_summary_says_where_what_and_how_well() -> None:
    text = tables.application(application())
    assert text.splitlines() == [
        "Name:               argocd/shop",
        "Project:            default",
        "Server:             https://kubernetes.default.svc",
        "Namespace:          shop",
        "Source:",
        "- Repo:             https://git.example/shop.git",
        "  Target:           main",
        "  Path:             deploy",
        "Sync Policy:        Manual",
        "Sync Status:        Synced to main (1a2b3c4)",
        "Health Status:      Healthy",
    ]


def test_resources_show_messages_of_the_last_operation_and_pruned_ones_are_still_listed() -> None:
    kept = {"kind": "Service", "namespace": "shop", "name": "web", "status": "Synced", "version": "v1"}
    said = [
        {**kept, "group": "", "message": "service/web created"},
        {"group": "", "kind": "ConfigMap", "namespace": "shop", "name": "old", "status": "Pruned", "message": "pruned"},
    ]
    state = {"phase": "Succeeded", "syncResult": {"resources": said}}
    app = application(status={"resources": [kept], "operationState": state})
    assert [line.split() for line in tables.resources(app).splitlines()[2:]] == [
        ["Service", "shop", "web", "Synced", "service/web", "created"],
        ["ConfigMap", "shop", "old", "Pruned", "pruned"],
    ]


def test_what_is_out_of_sync_is_counted_with_the_command_that_says_why() -> None:
    entry = {"kind": "Service", "namespace": "shop", "name": "web", "version": "v1"}
    app = application(status={"resources": [{**entry, "status": "OutOfSync"}, {**entry, "status": "Synced"}]})
    assert tables.out_of_sync_note(app) == "1 object is OutOfSync: 'argosy app diff argocd/shop -o wide' says why.\n"
    app = application(status={"resources": [{**entry, "status": "Synced"}]})
    assert "app diff" not in tables.application(app)


def test_a_cell_with_several_lines_becomes_one() -> None:
    assert table(("A", "B"), [("x\n  at y:\n    z", "1")]) == "A          B\nx at y: z  1\n"


def test_history_is_grouped_by_repository() -> None:
    entry = {"id": 3, "revision": COMMIT, "deployedAt": "2026-01-02T03:04:05Z"}
    app = application(status={"history": [{**entry, "source": application()["spec"]["source"]}]})
    assert tables.history(app).splitlines() == [
        "SOURCE  https://git.example/shop.git",
        "ID      DATE                           REVISION",
        "3       2026-01-02 03:04:05 +0000 UTC  main (1a2b3c4)",
    ]


def test_a_manifest_is_printed_with_sorted_keys() -> None:
    stream = io.StringIO()
    spec = {"b": [{"z": 1, "x": 2}], "a": None}
    write_manifest(stream, {"spec": spec, "kind": "Pod", "metadata": {"name": "p", "managedFields": [{}]}})
    expected = ["---", "kind: Pod", "metadata:", "  name: p", "spec:", "  a: null", "  b:", "  - x: 2", "    z: 1", ""]
    assert stream.getvalue().splitlines() == expected


@pytest.mark.parametrize(
    ("target", "revision", "shown"),
    [
        ("main", COMMIT, "Synced to main (1a2b3c4)"),
        (COMMIT, COMMIT, f"Synced to {COMMIT}"),
        ("1a2b3c4", COMMIT, "Synced to 1a2b3c4"),
        ("1.*", "1.20.3", "Synced to 1.*"),
    ],
)
def test_a_revision_is_shown_unless_the_target_names_it(target: str, revision: str, shown: str) -> None:
    app = application(status={"sync": {"status": "Synced", "revision": revision}})
    app["spec"]["source"]["targetRevision"] = target
    assert f"Sync Status:        {shown}\n" in tables.summary(app)


def test_names_of_objects_are_kubectls() -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    assert object_name(deployment) == "deployment.apps/web"
    assert object_name({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}) == "pod/a"


def test_an_application_with_a_hydrator_shows_the_branch_that_it_is_synced_from() -> None:
    dry = {"repoURL": "https://git.example/dry.git", "path": "dry", "targetRevision": "main"}
    hydrator = {"drySource": dry, "syncSource": {"targetBranch": "env/dev", "path": "web"}}
    text = tables.application(application(spec={"sourceHydrator": hydrator}))
    lines = [line.split() for line in text.splitlines()]
    for expected in (["-", "Repo:", "https://git.example/dry.git"], ["Target:", "env/dev"], ["Path:", "web"]):
        assert expected in lines
    assert f"Synced to env/dev ({COMMIT[:7]})" in text
