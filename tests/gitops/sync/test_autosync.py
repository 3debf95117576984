"""Automated sync (spec 6): every row of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.apis.argoproj.application import ApplicationSpec, ApplicationStatus
from argosy.apis.schema import read
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.sync.autosync import NOTHING, Seen, decide
from argosy.machinery.timestamps import seconds

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOURCE = {"repoURL": "https://git.example/app", "path": "."}
DRIFT = {"kind": "ConfigMap", "name": "a", "namespace": "x", "status": "OutOfSync"}
EXTRA = {"kind": "ConfigMap", "name": "b", "namespace": "x", "status": "OutOfSync", "requiresPruning": True}
FINE = {"kind": "ConfigMap", "name": "c", "namespace": "x", "status": "Synced"}


def seen(
    automated: dict[str, Any] | None,
    *resources: dict[str, Any],
    status: str = "OutOfSync",
    state: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    **more: Any,
) -> Seen:
    policy = {**(policy or {}), **({} if automated is None else {"automated": automated})}
    spec = {"project": "default", "source": SOURCE, "destination": {}, "syncPolicy": policy}
    found = {"sync": {"status": status, "revision": "r1"}, "resources": list(resources)}
    return Seen(
        read(ApplicationSpec, spec),
        read(ApplicationStatus, {**found, **({"operationState": state} if state else {})}),
        **{"has_operation": False, "is_deleted": False, **more},
    )


def ended(phase: str, *, revision: str = "r1", ago: float = 100, attempts: int = 0) -> dict[str, Any]:
    sync = {"revision": revision, **({"autoHealAttemptsCount": attempts} if attempts else {})}
    return {
        "phase": phase,
        "message": "it broke",
        "finishedAt": seconds(NOW - timedelta(seconds=ago)),
        "operation": {"sync": sync},
        "syncResult": {"revision": revision, "source": SOURCE},
    }


@pytest.mark.parametrize(
    "given",
    [
        seen(None, DRIFT),
        seen({"enabled": False}, DRIFT),
        seen({}, DRIFT, has_operation=True),
        seen({}, DRIFT, is_deleted=True),
        seen({}, FINE, status="Synced"),
        seen({}, DRIFT, status="Unknown"),
        seen({}, FINE, EXTRA),
        seen({}, DRIFT, window_open=False),
        seen({}, DRIFT, state=ended("Succeeded")),
    ],
    ids=["off", "disabled", "running", "deleted", "synced", "unknown", "only prunes", "window", "no self-heal"],
)
def test_nothing_is_synced(given: Seen) -> None:
    assert decide(given, Settings(), NOW) == NOTHING


def test_a_closed_window_wakes_when_it_changes() -> None:
    given = seen({}, DRIFT, window_open=False, window_changes_in=60.0)
    assert decide(given, Settings(), NOW).wake_after == 60.0


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_a_failed_attempt_at_the_same_revision_is_not_repeated_but_reported(phase: str) -> None:
    found = decide(seen({"selfHeal": True}, DRIFT, state=ended(phase)), Settings(), NOW)
    assert (found.operation, found.error) == (None, "Failed last sync attempt to [r1]: it broke")


def test_another_revision_or_source_is_synced_whatever_became_of_the_last() -> None:
    assert decide(seen({}, DRIFT, state=ended("Failed", revision="r0")), Settings(), NOW).operation
    state = ended("Failed")
    state["syncResult"]["source"] = {**SOURCE, "path": "other"}
    assert decide(seen({}, DRIFT, state=state), Settings(), NOW).operation


@pytest.mark.parametrize(
    ("attempts", "ago", "waits"),
    [
        (0, 0, None),
        (1, 0, 2),
        (1, 2, None),
        (2, 0, 6),
        (3, 0, 18),
        (3, 10, 8),
        (6, 0, 300),
        (60, 299, 1),
        (60, 300, None),
        (3, -3600, None),  # the clock was set back by an hour since
    ],
)
def test_self_heal_waits_longer_each_time_up_to_the_cap(attempts: int, ago: float, waits: float | None) -> None:
    state = ended("Succeeded", attempts=attempts, ago=ago)
    found = decide(seen({"selfHeal": True}, DRIFT, FINE, state=state), Settings(), NOW)
    assert found.wake_after == waits
    assert (found.operation is None) is (waits is not None)


def test_self_heal_syncs_only_what_drifted_and_counts() -> None:
    found = decide(seen({"selfHeal": True}, DRIFT, FINE, state=ended("Succeeded", attempts=1)), Settings(), NOW)
    assert found.operation is not None
    assert found.operation["sync"]["resources"] == [{"kind": "ConfigMap", "name": "a", "namespace": "x"}]
    assert found.operation["sync"]["autoHealAttemptsCount"] == 2


@pytest.mark.parametrize(
    ("automated", "resources", "refused"),
    [
        ({"prune": True}, (EXTRA,), True),
        ({"prune": True}, (EXTRA, EXTRA), True),
        ({"prune": True, "allowEmpty": True}, (EXTRA,), False),
        ({"prune": True}, (EXTRA, FINE), False),
    ],
)
def test_wiping_out_everything_is_refused_unless_allowed(
    automated: dict[str, Any], resources: tuple[dict[str, Any], ...], *, refused: bool
) -> None:
    found = decide(seen(automated, *resources), Settings(), NOW)
    text = "Skipping sync attempt to [r1]: auto-sync will wipe out all resources"
    assert (found.error == text, found.operation is None) == (refused, refused)


def test_the_operation_carries_revision_options_and_retry() -> None:
    options = {"syncOptions": ["CreateNamespace=true"]}
    given = seen({"prune": True}, DRIFT, policy=options)
    found = decide(given, Settings(), NOW).operation
    assert found == {
        "sync": {"revision": "r1", "prune": True, "syncOptions": ["CreateNamespace=true"]},
        "initiatedBy": {"automated": True},
        "retry": {"limit": 5},
    }
    given = seen({"prune": True}, DRIFT, policy={**options, "retry": {"limit": 1}})
    again = decide(given, Settings(), NOW).operation
    assert again is not None
    assert again["retry"] == {"limit": 1}


@pytest.mark.parametrize("asked", [{"dryRun": True}, {"manifests": ["{}"]}])
@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_was_no_sync_of_the_revision_is_no_attempt_at_it(phase: str, asked: dict[str, Any]) -> None:
    state = ended(phase)
    state["operation"]["sync"] |= asked
    found = decide(seen({}, DRIFT, state=state), Settings(), NOW)
    assert found.operation is not None
    assert not found.error


def test_a_revision_that_was_given_up_for_a_newer_one_is_synced_should_it_come_back() -> None:
    given_up = {**ended("Failed"), "message": "superseded by revision r2: one or more objects failed to apply"}
    assert decide(seen({}, DRIFT, state=given_up), Settings(), NOW).operation is not None
    assert decide(seen({}, DRIFT, state=ended("Failed")), Settings(), NOW).operation is None
