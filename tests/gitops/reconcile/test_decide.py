"""What becomes of a pass: what is written, what is remembered, and when the next one is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from argosy.gitops.reconcile.advance import Advance, Failure
from argosy.gitops.reconcile.decide import LONGEST, decide
from argosy.gitops.reconcile.look import Seen
from argosy.gitops.reconcile.progress import LastReconciliation, Progress
from argosy.gitops.reconcile.reconciliation import Reconciled, Reconciliation, Stage, Work
from argosy.gitops.refresh.level import Level, Refresh
from argosy.gitops.refresh.requests import NONE
from argosy.machinery.controller import NOTHING, Decision, Event, Refusal
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from tests.kit.gitops import application

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = Key("argocd", "app")
REQUESTS = NONE.with_recent()
PATCH: JsonObject = {"status": {"operationState": {"phase": "Running"}}}


def app(version: str = "5") -> JsonObject:
    made = application()
    return {**made, "metadata": {**made["metadata"], "uid": "u", "resourceVersion": version}}


def seen(advance: Advance, stage: Stage = Stage.OPERATE, progress: Progress | None = None, **more: object) -> Seen:
    refresh = Refresh(Level.RECENT) if stage == Stage.COMPARE else None
    work = Work(stage=stage, app=app(), requests=REQUESTS, refresh=refresh)
    progress = progress or Progress(number=3)
    answer = Reconciled(work=work, found=advance)
    made = Seen(
        app=app(), progress=progress, requests=REQUESTS, asked=Reconciliation(KEY, progress.number, work), answer=answer
    )
    return replace(made, **more)  # type: ignore[arg-type]


def progress_of(decision: Decision) -> Progress:
    assert isinstance(decision.memory, Progress)
    return decision.memory


def test_a_pass_writes_its_result_for_the_version_that_it_saw_and_then_reports_it() -> None:
    event = Event(app(), "OperationStarted", "begun")
    decision = decide(seen(Advance(patch=PATCH, events=(event,))), NOON)
    write, told = decision.steps
    assert isinstance(write, Write)
    assert write.body == {**PATCH, "metadata": {"uid": "u", "resourceVersion": "5"}}
    assert told is event
    assert progress_of(decision).number == 4
    assert progress_of(decision).operated == LastReconciliation(requests=1, version="5", done=1)


def test_nothing_is_done_while_the_answer_is_awaited() -> None:
    assert decide(seen(Advance(patch=PATCH), answer=None), NOON) is NOTHING


def test_what_was_found_of_an_application_that_is_another_now_is_not_written() -> None:
    decision = decide(seen(Advance(patch=PATCH), app=app("6")), NOON)
    assert decision.steps == ()
    assert progress_of(decision) == Progress(number=4), "the next pass is asked the same"


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.2), (1, 0.4), (5, 6.4), (40, LONGEST), (5000, LONGEST)])
def test_a_pass_that_failed_is_tried_again_after_a_doubling_wait(failures: int, seconds: float) -> None:
    before = Progress(number=3, operated=LastReconciliation(done=0, failures=failures))
    after = progress_of(decide(seen(Advance(failure=Failure()), progress=before), NOON)).operated
    assert after.wake_at == NOON + timedelta(seconds=seconds)
    assert (after.done, after.failures, after.background) == (0, failures + 1, seconds >= LONGEST)


def test_a_server_that_says_when_to_come_back_is_obeyed() -> None:
    after = progress_of(decide(seen(Advance(failure=Failure(at_least=30.0))), NOON)).operated
    assert after.wake_at == NOON + timedelta(seconds=30)


def test_an_error_that_nothing_expects_is_shown_to_the_owner_once() -> None:
    decision = decide(seen(Advance(failure=Failure("KeyError in x"))), NOON)
    (write,) = decision.steps
    assert isinstance(write, Write) and isinstance(write.body, dict)
    (mark,) = write.body["status"]["conditions"]
    assert (mark["type"], mark["message"]) == ("UnknownError", "KeyError in x")
    told = {**app(), "status": {"conditions": [mark]}}
    again = seen(Advance(failure=Failure("KeyError in x")))
    assert isinstance(again.answer, Reconciled)
    answer = replace(again.answer, work=replace(again.answer.work, app=told))
    assert decide(replace(again, app=told, answer=answer), NOON).steps == ()


def test_what_waits_for_a_connection_is_not_tried_before_something_changes() -> None:
    after = progress_of(decide(seen(Advance(failure=Failure(is_awaited=True))), NOON)).operated
    assert (after.wake_at, after.requests, after.version, after.done) == (None, 1, "5", -1)


def test_a_write_that_the_server_refused_is_followed_by_another_pass_later() -> None:
    refusal = Refusal(Write(verb="patch", resource=None, key=KEY), 422, "Invalid", "no", 1, NOON)  # type: ignore[arg-type]
    decision = decide(seen(Advance(patch=PATCH), refusals=(refusal,)), NOON)
    assert decision.steps == ()
    assert progress_of(decision).operated.wake_at == NOON + timedelta(seconds=0.2)


def test_a_time_that_came_makes_a_pass_due_at_exactly_that_time() -> None:
    at = NOON + timedelta(seconds=10)
    waiting = Progress(compared=LastReconciliation(version="5", done=0, wake_at=at, background=True))
    resting = Seen(app=app(), progress=waiting)
    assert decide(resting, NOON) == Decision(wake_at=at, background=True)
    assert progress_of(decide(resting, at)).compared.is_due


def test_a_comparison_that_is_put_off_is_made_of_the_newest_revision_then() -> None:
    after = progress_of(decide(seen(Advance(wake_after=30.0), Stage.COMPARE), NOON)).compared
    assert (after.again, after.wake_at) == (Level.LATEST, NOON + timedelta(seconds=30))


def test_a_comparison_without_news_brings_no_other_look() -> None:
    decision = decide(seen(Advance(), Stage.COMPARE), NOON)
    assert decision.is_settled
    again = decide(seen(Advance(), Stage.COMPARE, requests=REQUESTS.with_recent()), NOON)
    assert not again.is_settled, "meanwhile another one was requested"


def test_a_malformed_application_gets_the_reason_once_even_if_that_write_is_refused() -> None:
    wrong = Seen(app=app(), progress=Progress(), malformed="spec.source must be an object")
    (write,) = decide(wrong, NOON).steps
    assert isinstance(write, Write) and isinstance(write.body, dict)
    assert write.body["status"]["conditions"][0]["type"] == "InvalidSpecError"
    refusal = Refusal(write, 422, "Invalid", "no", 1, NOON)
    assert decide(replace(wrong, refusals=(refusal,)), NOON) is NOTHING


def test_what_falls_due_while_another_pass_runs_is_due_when_that_ends() -> None:
    """A decision to wake at a time that is over is refused by the engine, and its memory with it."""
    synced = {**app(), "operation": {"sync": {}}}
    failed = LastReconciliation(requests=1, version="5", done=0, wake_at=NOON - timedelta(seconds=1), failures=1)
    compared = seen(Advance(), Stage.COMPARE, Progress(number=3, operated=failed, is_compare_next=True), app=synced)
    decision = decide(compared, NOON)
    assert decision.wake_at is None
    assert progress_of(decision).operated.is_due
