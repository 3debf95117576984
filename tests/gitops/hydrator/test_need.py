"""Whether hydration is needed: the first rule that holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.gitops.hydrator.need import by_revision, by_status, is_known, requested
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMEOUT = timedelta(minutes=2)
SPEC = {"drySource": {"repoURL": "r", "path": "p", "targetRevision": "main"}, "syncSource": {"targetBranch": "env"}}


def app(phase: str = "", *, ago: float = 0, asked: str = "", compared: str = "", **changes: Any) -> JsonObject:
    """`ago`: seconds since the operation ended, or began when it is under way."""
    status: JsonObject = {"lastComparedDryRevision": compared} if compared else {}
    if phase:
        field = "startedAt" if phase == "Hydrating" else "finishedAt"
        status["currentOperation"] = {
            "phase": phase, field: seconds(NOON - timedelta(seconds=ago)), "sourceHydrator": SPEC, **changes,
        }  # fmt: skip
    marks = {"argocd.argoproj.io/hydrate": asked} if asked else {}
    return {
        "metadata": {"name": "a", "annotations": marks},
        "spec": {"sourceHydrator": SPEC},
        "status": {"sourceHydrator": status},
    }


@pytest.mark.parametrize(
    ("given", "is_needed", "why"),
    [
        (app(), True, "no previous hydrate operation"),
        (app(asked="hard"), True, "no previous hydrate operation"),
        (app("Hydrating", asked="hard"), False, "hydration operation already in progress"),
        (app("Hydrating", ago=119), False, "hydration operation already in progress"),
        (app("Hydrating", ago=120), True, "hydration operation did not end"),
        (app("Hydrated", asked="hard"), True, "hard hydrate requested"),
        (app("Failed", asked="hard"), True, "hard hydrate requested"),
        (app("Hydrated", sourceHydrator={}), True, "spec.sourceHydrator differs"),
        (app("Failed", sourceHydrator={}), True, "spec.sourceHydrator differs"),
        (app("Failed", asked="normal"), True, "retrying previous failed hydration"),
        (app("Failed", ago=119, compared="1"), None, ""),
        (app("Failed", ago=119), False, "previous hydrate operation failed"),
        (app("Failed", ago=120), True, "previous hydrate operation failed more than 2 minutes ago"),
        (app("Hydrated", asked="normal"), None, ""),
        (app("Hydrated"), None, ""),
    ],
)
def test_the_first_rule_that_holds_needs_no_look_at_the_repository(
    given: JsonObject, is_needed: bool | None, why: str
) -> None:
    found = by_status(given, NOON, TIMEOUT)
    assert (None if found is None else found.is_needed) == is_needed
    assert (found.why if found else "") == why


def test_an_operation_of_this_process_that_did_not_end_continues_at_once() -> None:
    found = by_status(app("Hydrating"), NOON, TIMEOUT, resumes=True)
    assert found is not None
    assert found.is_needed


@pytest.mark.parametrize(
    ("given", "wake"),
    [
        (app("Hydrating", ago=20), 100),
        (app("Failed", ago=20), 100),
        (app("Failed", ago=20, compared="1"), 100),
        (app("Hydrated", compared="1"), None),
    ],
)
def test_who_waits_says_until_when(given: JsonObject, wake: int | None) -> None:
    found = by_status(given, NOON, TIMEOUT) or by_revision(given, "1", is_relevant=True)
    assert not found.is_needed
    assert found.wake_at == (None if wake is None else NOON + timedelta(seconds=wake))


@pytest.mark.parametrize(
    ("compared", "dry", "is_relevant", "is_needed", "why"),
    [
        ("", "1", True, True, "new revision may have changes"),
        ("1", "2", True, True, "new revision may have changes"),
        ("1", "2", False, False, "hydration not needed"),
        ("1", "1", True, False, "hydration not needed"),
        ("1", "", True, False, "cannot determine if hydration is needed"),
    ],
)
def test_a_new_dry_commit_that_concerns_the_application_is_hydrated(
    compared: str, dry: str, is_relevant: bool, is_needed: bool, why: str
) -> None:
    found = by_revision(app("Hydrated", compared=compared), dry, is_relevant=is_relevant)
    assert (found.is_needed, found.why) == (is_needed, why)


def test_every_other_word_is_a_normal_request() -> None:
    assert [requested(app(asked=word)) for word in ("", "hard", "normal", "Hard", "x")] == [
        "", "hard", "normal", "normal", "normal",
    ]  # fmt: skip


def test_a_dry_commit_is_known_only_with_this_spec_and_unless_asked_hard() -> None:
    last = {"drySHA": "1", "sourceHydrator": SPEC}

    def with_last(given: JsonObject, last: JsonObject) -> JsonObject:
        return {**given, "status": {"sourceHydrator": {"lastSuccessfulOperation": last}}}

    assert is_known(with_last(app(), last), "1")
    assert not is_known(with_last(app(), last), "2")
    assert not is_known(with_last(app(), {**last, "sourceHydrator": {}}), "1")
    assert not is_known(with_last(app(asked="hard"), last), "1")
    assert not is_known(app(), "1")
