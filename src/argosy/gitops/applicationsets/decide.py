"""Decides what is written for an ApplicationSet: its Applications, then its status, then the operations of a rollout.

What a rolling sync holds back is written to the status before the Applications change, so that a crash in between loses
nothing. Each Application is written separately: a refused one blocks no other, and is reported in the status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.schema import read
from argosy.gitops.applicationsets import application_writes, deletion, status
from argosy.gitops.applicationsets.application_writes import Chain
from argosy.gitops.applicationsets.generation import REFRESH, Memory, asked_again
from argosy.gitops.applicationsets.look import Seen
from argosy.gitops.applicationsets.rolling import rolling_sync
from argosy.gitops.applicationsets.set_status import only_rollout, written
from argosy.gitops.comparison.jq.evaluation import EXPRESSION_SHOWN
from argosy.gitops.keys import APPLICATION_SETS, annotations_of
from argosy.machinery.controller import NOTHING, Apart, Decision, Event, Refusal, Step
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import merge

REASONS: Final = {
    "create": "CreateApplicationError",
    "update": "UpdateApplicationError",
    "patch": "UpdateApplicationError",
    "delete": "DeleteApplicationError",
}
PASSING: Final = frozenset({0, 409, 429, 502, 503, 504})
"""Answers after which the same write may succeed; they are not reported."""


def decide(seen: Seen, now: datetime) -> Decision:
    if read(ApplicationSet, seen.appset).metadata.deletion_timestamp:
        return deletion.proceed(seen.appset, seen.owned, seen.around, now)
    if deletion.needs_finalizer(seen.appset, seen.around.options):
        return Decision((deletion.with_finalizer(seen.appset),))
    if seen.generated is None:
        return NOTHING
    memory = _remembered(seen, now)
    if memory is not None and memory.until is not None and now >= memory.until and not memory.is_due:
        return Decision(memory=replace(memory, is_due=True))
    return _followed(seen, memory, now)


def _remembered(seen: Seen, now: datetime) -> Memory | None:
    """None after a question that could not be answered: it is repeated automatically."""
    if not seen.is_news or seen.generated is None:
        return seen.memory
    if seen.memory is not None:
        return seen.memory.answered(seen.generated, now)
    return Memory(generated=seen.generated, answered_at=now, until=asked_again(seen.generated, now))


def _followed(seen: Seen, memory: Memory | None, now: datetime) -> Decision:
    """After writes another look checks their result, unless some are refused repeatedly: then that is reported."""
    chains = _chains(seen)
    failures, memory = _jq_failures(seen, memory)
    advance = seen.advanced(now) if seen.plan is not None and seen.is_rolling else None
    if chains and not seen.refusals:
        before = only_rollout(seen.appset, advance) if seen.plan is not None and seen.plan.update else ()
        return Decision((*failures, *before, Apart(chains)), wake_at=now, memory=memory)
    most, statuses = seen.around.options.most_resources, _statuses(seen, advance)
    change = written(seen.appset, _found(seen, advance), seen.owned, most, statuses, memory, now)
    if advance is not None and seen.generated is not None:
        chains += application_writes.operations(seen.named, advance, seen.generated.wanted)
    writes = (Apart(chains),) if chains else ()
    steps: tuple[Step, ...] = (*failures, *change.steps, *writes)
    if chains:
        return Decision(steps, wake_at=now, memory=change.memory)
    if change.again_at is not None:
        return Decision(steps, wake_at=change.again_at, memory=change.memory)
    polled = change.memory.until if change.memory is not None and not change.memory.is_due else None
    return Decision(steps, wake_at=polled, memory=change.memory, background=True)


def _chains(seen: Seen) -> tuple[Chain, ...]:
    made: tuple[Chain, ...] = ()
    if REFRESH in annotations_of(seen.appset) and seen.is_news:
        patch = {"metadata": {"annotations": {REFRESH: None}}}
        # Exactly what was read: a request that was made since is answered, too.
        made = ((merge(APPLICATION_SETS, seen.appset, patch),),)
    return made if seen.plan is None else (*made, *application_writes.planned(seen.appset, seen.plan, seen.around))


def _found(seen: Seen, advance: rolling_sync.Advance | None) -> list[status.Found]:
    """The conditions."""
    assert seen.generated is not None
    if (error := seen.generated.error) is not None:
        return status.failed(error.reason, str(error), generated=error.generated)
    if problem := rolling_sync.unusable(seen.spec, enabled=seen.around.options.progressive_syncs):
        return status.failed("ApplicationSetRolloutError", problem, generated=True)
    assert seen.plan is not None
    found = status.outcome(seen.plan.problems, [_failure(one) for one in seen.refusals if one.code not in PASSING])
    if advance is not None:
        found += [status.rollout_config(advance.issue), status.rollout(advance.step)]
    return found


def _statuses(seen: Seen, advance: rolling_sync.Advance | None) -> Sequence[JsonObject] | None:
    """Without new results, a rolling sync keeps its state, unless the strategy was removed."""
    if advance is not None:
        return advance.statuses
    return None if seen.is_rolling else []


def _failure(refusal: Refusal) -> tuple[str, str]:
    write = refusal.write
    if write.resource == APPLICATION_SETS:
        return "RefreshApplicationError", refusal.message
    is_operation = isinstance(write.body, dict) and "operation" in write.body
    return "SyncApplicationError" if is_operation else REASONS[write.verb], refusal.message


def _jq_failures(seen: Seen, memory: Memory | None) -> tuple[tuple[Event, ...], Memory | None]:
    """Once for each expression that fails."""
    if memory is None or not (news := seen.jq.failures.keys() - memory.reported):
        return (), memory
    made = []
    for expression in sorted(news):
        shown = expression if len(expression) <= EXPRESSION_SHOWN else f"{expression[:EXPRESSION_SHOWN]}…"
        text = f"jqPathExpressions: {shown!r} is not applied: {seen.jq.failures[expression]}"
        made.append(Event(seen.appset, "InvalidSetting", text, type="Warning"))
    return tuple(made), replace(memory, reported=memory.reported | news)
