"""What a change of an object says to people."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.rehearse.timeline import lines


def obj(status: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"stage": "dev", "freight": "f" * 40},
        "status": status,
        **more,
    }


RUNNING = {"operationState": {"phase": "Running", "startedAt": "1", "operation": {"sync": {"revision": "a" * 40}}}}
DONE = {"operationState": {"phase": "Succeeded", "startedAt": "1", "syncResult": {"revision": "a" * 40}}}
WELL = {"health": {"status": "Healthy"}}
WRONG = {"type": "ComparisonError", "message": "no"}
FAILED = {"phase": "Failed"}
STEP = {"alias": "push", "status": "Succeeded", "finishedAt": "1"}


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("Application", {}, RUNNING, [("busy", "syncing at aaaaaaaa")]),
        ("Application", RUNNING, DONE, [("ok", "synced at aaaaaaaa")]),
        ("Application", DONE, DONE, []),
        ("Application", WELL, {"health": {"status": "Degraded"}}, [("broken", "is Degraded: It is Degraded")]),
        ("Application", {"sync": {"status": "Synced"}}, {"sync": {"status": "OutOfSync"}}, [("busy", "is OutOfSync")]),
        ("Application", {}, {"conditions": [WRONG]}, [("broken", "ComparisonError: no")]),
        ("Application", {}, {"reconciledAt": "1"}, []),
        ("Freight", {}, {"verifiedIn": {"dev": {}}}, [("ok", "is verified in dev")]),
        ("Promotion", {"phase": "Pending"}, {"phase": "Running"}, [("busy", "running")]),
        ("Promotion", {}, {"stepExecutionMetadata": [STEP]}, [("ok", "step push succeeded")]),
        ("Promotion", {"stepExecutionMetadata": [STEP]}, {"stepExecutionMetadata": [STEP]}, []),
        ("Stage", {}, {"health": {"status": "Unhealthy"}}, [("broken", "is Unhealthy")]),
        ("Stage", {}, {"freightHistory": [{"verificationHistory": [FAILED]}]}, [("broken", "verification failed")]),
        ("Rollout", {"phase": "Healthy"}, {"phase": "Degraded", "message": "no"}, [("broken", "is Degraded: no")]),
        ("AnalysisRun", {"phase": "Running"}, {"phase": "Successful"}, [("ok", "successful")]),
        ("ConfigMap", {}, {"a": "b"}, []),
    ],
)  # fmt: skip
def test_a_change_says_what_a_person_would_want_to_read(
    kind: str, old: dict[str, Any], new: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert lines(kind, obj(old), obj(new)) == told


def test_created_and_deleted_objects_are_listed() -> None:
    assert lines("Freight", None, obj({}, images=[{"repoURL": "r", "tag": "1"}]))[0] == ("ok", "discovered: r:1")
    assert lines("Promotion", None, obj({}))[0] == ("busy", "created for Freight ffffffff")
    assert lines("Stage", obj({}), None) == [("ok", "deleted")]
