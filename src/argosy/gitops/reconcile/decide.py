"""What follows from a pass: its write, its events, and when the next one is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import ApplicationStatus
from argosy.apis.schema import read
from argosy.gitops.comparison.conclusion import Concluded, concluded, too_large
from argosy.gitops.comparison.result import SPEC_TYPES
from argosy.gitops.keys import APPLICATIONS
from argosy.gitops.model import conditions, error_messages
from argosy.gitops.model import status_patch as status
from argosy.gitops.model.application_spec import status_of
from argosy.gitops.reconcile.advance import Advance, Failure
from argosy.gitops.reconcile.look import Seen, due
from argosy.gitops.reconcile.progress import LastReconciliation, Progress, reported_revisions
from argosy.gitops.reconcile.reconciliation import Reconciled, Stage, Work
from argosy.gitops.refresh.level import Level
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.confirmation import approval_of
from argosy.machinery.controller import NOTHING, Decision, Failed, Step
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.requests import merge
from argosy.machinery.timestamps import seconds
from argosy.machinery.unexpected import described

FIRST: Final = 0.2
"""Seconds until a failed pass is retried; they double with each failure."""
LONGEST: Final = 300.0
SPREAD: Final = 0.2
SHORTEST: Final = 0.001
AGAIN: Final = 1.0
"""Seconds until a comparison has a time of its own."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What to write, and what to remember once it is written."""

    advance: Advance
    progress: Progress
    again: Level = Level.NOTHING


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.malformed:
        return _refuse(seen, now)
    if seen.asked is None:
        return _rest(seen, now)
    if seen.answer is None:
        return NOTHING
    if isinstance(seen.answer, Failed):
        return _after(seen, seen.asked.work, Ended(Advance(failure=Failure()), seen.progress), now)
    answer = seen.answer
    if answer.work.version != seen.version:
        # The Application has changed since: the result is outdated, and is not written.
        return Decision(memory=replace(seen.progress, number=seen.progress.number + 1))
    return _after(seen, answer.work, _ended(seen, answer, now), now, answer)


def _ended(seen: Seen, answer: Reconciled, now: datetime) -> Ended:
    try:
        ended = _found(seen, answer, now)
    except Exception as error:  # one Application's, shown to its owner
        ended = Ended(Advance(failure=Failure(described(error))), seen.progress)
    if not seen.refusals:
        return ended
    refusal = seen.refusals[0]
    if answer.work.stage == Stage.COMPARE and status.is_too_large(refusal.code, refusal.message):
        return Ended(too_large(answer.work.app, answer.work.refresh, refusal.message, now), seen.progress)
    # Recomputed, since the environment may have changed by then.
    return Ended(Advance(failure=Failure()), seen.progress)


def _found(seen: Seen, answer: Reconciled, now: datetime) -> Ended:
    if not isinstance(answer.found, Concluded):
        again = (
            Level.LATEST if answer.work.refresh is not None and answer.found.wake_after is not None else Level.NOTHING
        )
        return Ended(answer.found, seen.progress, again)
    app, why = answer.work.app, answer.found.why
    spec: JsonObject | None = read(Application, app).spec.raw
    changed = seen.progress.spec is not None and seen.progress.spec != spec
    before = seen.progress.why if why is None else why
    advance = concluded(answer.found, app, answer.work.refresh, before, now, spec_changed=changed)
    if changed and status_of(app).reconciled_at == seconds(now):
        # Times have whole seconds, so that nobody could see this comparison: make another one.
        spec = seen.progress.spec
        advance = replace(advance, wake_after=min(AGAIN, advance.wake_after or AGAIN))
    progress = replace(seen.progress, end=operation.end_of(app), spec=spec, approved=approval_of(app))
    if why is not None:
        desired = answer.found.desired
        after = merge_patch(status_of(app).raw, advance.patch.get("status") or {})
        reported = reported_revisions(read(ApplicationStatus, after))
        progress = replace(progress, digest=desired.digest, revisions=desired.revisions, reported=reported, why=why)
    return Ended(advance, progress, Level.NOTHING if advance.wake_after is None else Level.RECENT)


def _after(seen: Seen, work: Work, ended: Ended, now: datetime, answer: Reconciled | None = None) -> Decision:
    advance, patch = ended.advance, ended.advance.patch
    last = seen.progress.compared if work.stage == Stage.COMPARE else seen.progress.operated
    if advance.failure is not None:
        patch = patch or _with_error(work.app, advance.failure, now)
        after = _failed(last, work, advance.failure, now, answer.chance if answer else 0.0)
    else:
        after = _succeeded(last, work, ended, now, answer)
    steps: list[Step] = [merge(APPLICATIONS, work.app, patch)] if patch else []
    # What became due while this pass ran is due now, and not at a time in the past.
    progress = replace(
        ended.progress,
        compared=(after if work.stage == Stage.COMPARE else seen.progress.compared).due(now),
        operated=(after if work.stage != Stage.COMPARE else seen.progress.operated).due(now),
        number=seen.progress.number + 1,
        is_compare_next=work.stage == Stage.OPERATE,
        errors=_errors(work.app, patch),
    )
    if work.stage == Stage.OPERATE or "operation" in patch or due(seen.app, progress, seen.requests) is not None:
        return Decision((*steps, *advance.events), memory=progress)
    # Nothing more until its own write is observed, or until its time.
    at, background = _wakes(seen.app, progress)
    return Decision((*steps, *advance.events), at, progress, background=background, is_settled=True)


def _succeeded(
    last: LastReconciliation, work: Work, ended: Ended, now: datetime, answer: Reconciled | None
) -> LastReconciliation:
    number = work.requests.number
    if work.stage == Stage.COMPARE and work.refresh is None:
        return replace(last, requests=number, version=work.version, done=number, failures=0)
    wake, background = ended.advance.wake_after, ended.advance.background
    judge = answer.judge_after if answer is not None else None
    if judge is not None and (wake is None or judge < wake):
        wake, background = judge, wake is None or background
    at = None if wake is None else now + timedelta(seconds=max(wake, SHORTEST))
    return LastReconciliation(number, work.version, number, at, background, again=ended.again)


def _failed(last: LastReconciliation, work: Work, failure: Failure, now: datetime, chance: float) -> LastReconciliation:
    last = replace(last, requests=work.requests.number, version=work.version, wake_at=None, is_due=False)
    if failure.is_awaited:
        return last
    wait = min(LONGEST, FIRST * 2.0 ** min(last.failures, 62))
    wait = max(wait * (1.0 + SPREAD * chance), failure.at_least)
    at, background = now + timedelta(seconds=wait), wait >= LONGEST
    return replace(last, wake_at=at, background=background, failures=last.failures + 1)


def _rest(seen: Seen, now: datetime) -> Decision:
    """Until the next pass is due."""
    progress = seen.progress
    at, background = _wakes(seen.app, progress)
    if at is None or at > now:
        return Decision(wake_at=at, background=background)
    return Decision(memory=replace(progress, operated=progress.operated.due(now), compared=progress.compared.due(now)))


def _wakes(app: JsonObject, progress: Progress) -> tuple[datetime | None, bool]:
    """When the next pass is due, and whether that keeps no rehearsal running."""
    seen = read(Application, app)
    is_deleted = bool(seen.metadata.deletion_timestamp)
    relevant = [progress.operated] if is_deleted or seen.has_operation else []
    relevant += [] if is_deleted else [progress.compared]
    wakes = [(last.wake_at, last.background) for last in relevant if last.wake_at is not None]
    return min(wakes, default=(None, False))


def _refuse(seen: Seen, now: datetime) -> Decision:
    """A malformed Application is ignored, and gets an error, as far as the API server accepts that."""
    if seen.refusals:
        return NOTHING
    before = [one for one in status_of(seen.app).conditions if one.raw]
    marks = conditions.updated(before, [("InvalidSpecError", seen.malformed)], SPEC_TYPES, seconds(now))
    steps = (
        ()
        if marks == [one.raw for one in before]
        else (merge(APPLICATIONS, seen.app, {"status": {"conditions": marks}}),)
    )
    return Decision(steps, memory=replace(seen.progress, errors=(seen.malformed,)))


def _with_error(app: JsonObject, failure: Failure, now: datetime) -> JsonObject:
    """A bug in our own code, shown to the application's owner."""
    if not failure.text:
        return {}
    before = status_of(app).conditions
    marks = conditions.updated(before, [("UnknownError", failure.text)], ("UnknownError",), seconds(now))
    return {} if marks == [one.raw for one in before] else {"status": {"conditions": marks}}


def _errors(app: JsonObject, patch: JsonObject) -> tuple[str, ...]:
    if not patch.get("status"):
        return ()
    before, change = status_of(app), patch["status"]
    state = {**before.operation_state.raw, **(change.get("operationState") or {})}
    marks = change["conditions"] if "conditions" in change else [one.raw for one in before.conditions]
    after = read(ApplicationStatus, {"conditions": marks, "operationState": state})
    return tuple(error_messages.new_errors(before, after))
