"""Which pass over an Application is due, from what was seen and requested since the last ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from argosy.gitops.keys import REFRESH
from argosy.gitops.reconcile.look import due
from argosy.gitops.reconcile.progress import LastReconciliation, Progress
from argosy.gitops.reconcile.reconciliation import Stage
from argosy.gitops.refresh.level import Level
from argosy.gitops.refresh.requests import NONE, RefreshRequests
from argosy.machinery.objects import JsonObject
from tests.kit.gitops import application

SEEN = LastReconciliation(requests=0, version="5", done=0)
"""All of it was seen, and nothing failed."""
QUIET = Progress(operated=SEEN, compared=SEEN, spec=application()["spec"])


def app(**more: object) -> JsonObject:
    """As it is when it was compared with all that its spec says."""
    made = application()
    spec = made["spec"]
    compared = {"source": spec["source"], "destination": spec["destination"]}
    metadata = {**made["metadata"], "resourceVersion": "5"}
    return {**made, "metadata": metadata, "status": {"sync": {"comparedTo": compared}}, **more}


def marked(version: str = "6", **metadata: object) -> JsonObject:
    made = app()
    return {**made, "metadata": {**made["metadata"], "resourceVersion": version, **metadata}}


def test_nothing_is_due_where_nothing_is_news() -> None:
    assert due(app(), QUIET, NONE) is None
    assert due(marked(), QUIET, NONE) is None, "a change that asks for nothing"


def test_an_application_that_is_seen_for_the_first_time_is_compared_with_the_newest_revision() -> None:
    work = due(app(), Progress(), NONE)
    assert work is not None and work.refresh is not None
    assert (work.stage, work.refresh.level) == (Stage.COMPARE, Level.LATEST)


@pytest.mark.parametrize(
    ("requests", "level"),
    [
        (NONE.with_recent(), Level.RECENT),
        (NONE.with_overdue(), Level.LATEST),
        (NONE.with_overdue().with_recent(), Level.LATEST),
    ],
)
def test_how_thoroughly_it_is_compared_is_the_most_that_was_requested(requests: RefreshRequests, level: Level) -> None:
    work = due(app(), QUIET, requests)
    assert work is not None and work.refresh is not None
    assert work.refresh.level == level


def test_what_is_only_to_be_counted_is_not_compared() -> None:
    work = due(app(), QUIET, NONE.with_recount())
    assert work is not None
    assert (work.stage, work.refresh) == (Stage.COMPARE, None)


def test_what_a_failed_pass_was_requested_for_is_requested_still_but_waits_for_its_time() -> None:
    requests = NONE.with_overdue()
    failed = replace(QUIET, compared=replace(SEEN, requests=requests.number, failures=1))
    assert due(app(), failed, requests) is None
    again = due(app(), replace(failed, compared=replace(failed.compared, is_due=True)), requests)
    assert again is not None and again.refresh is not None
    assert again.refresh.level == Level.LATEST


def test_a_refresh_that_somebody_asked_for_is_seen_by_its_version_alone() -> None:
    work = due(marked(annotations={REFRESH: "hard"}), QUIET, NONE)
    assert work is not None and work.refresh is not None
    assert (work.refresh.level, work.refresh.hard, work.refresh.requested) == (Level.FORCED, True, True)


def test_an_operation_and_comparisons_take_turns() -> None:
    running = app(operation={"sync": {}})
    requests = NONE.with_recent()
    first = due(running, QUIET, requests)
    then = due(running, replace(QUIET, is_compare_next=True), requests)
    assert first is not None and then is not None
    assert (first.stage, then.stage) == (Stage.OPERATE, Stage.COMPARE)


def test_an_operation_continues_where_there_is_nothing_to_compare() -> None:
    running = {**marked(), "operation": {"sync": {}}}
    work = due(running, replace(QUIET, is_compare_next=True), NONE)
    assert work is not None
    assert work.stage == Stage.OPERATE


def test_a_deleted_application_is_neither_compared_nor_synced() -> None:
    going = {**marked(deletionTimestamp="2026-01-01T00:00:00Z"), "operation": {"sync": {}}}
    work = due(going, Progress(), NONE.with_overdue())
    assert work is not None
    assert work.stage == Stage.DELETE


@pytest.mark.parametrize(("told", "is_remembered"), [("new", True), ("newer", False), ("", False)])
def test_the_last_comparison_is_remembered_for_the_revision_in_the_status(told: str, is_remembered: bool) -> None:
    """The answer to a lost status write contained a commit that nothing here remembers."""
    made = app()
    made["status"]["sync"]["revision"] = told
    progress = replace(QUIET, digest="of new", revisions=("new",), reported=("new",))
    work = due(made, progress, NONE.with_recent())
    assert work is not None
    assert (work.digest, work.revisions) == (("of new", ("new",)) if is_remembered else ("", ()))
