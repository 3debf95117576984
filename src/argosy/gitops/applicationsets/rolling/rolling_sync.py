"""RollingSync: one step of Applications after another, with a limited number at a time (spec 15.5). Pure.

The complete state is `status.applicationStatus`; `advanced` computes the next one from it and from the Applications. An
Application that has become Pending is synced by an operation, which is written to it after the status.

  any ---> Waiting ---> Pending ---> Progressing ---> Healthy
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argosy.apis.argoproj import Application, ApplicationSet
from argosy.apis.argoproj.application import ApplicationStatus
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec, RollingStep
from argosy.apis.argoproj.applicationset.status import ApplicationRollout
from argosy.apis.schema import read, written
from argosy.gitops.applicationsets.reconcile import spec_differs
from argosy.gitops.applicationsets.rolling import steps as rolling_steps
from argosy.gitops.applicationsets.rolling.steps import NO_STEP, most, step_of
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.model.application_spec import normalised, sources_of, spec_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse, seconds

BLOCKING: Final = frozenset({"InvalidSpecError", "UnknownError"})
"""Conditions that prevent a sync from starting."""
USERNAME: Final = "applicationset-controller"
MESSAGES: Final[Mapping[str, str]] = {
    "new": "No Application status found, defaulting status to Waiting",
    "changed": "Application has pending changes, setting status to Waiting",
    "pending": "Application moved to Pending status, watching for the Application resource to start Progressing",
    "progressing": "Application resource became Progressing, updating status from Pending to Progressing",
    "healthy": "Application resource became Healthy, updating status from Progressing to Healthy",
    "synced": "Application resource is already Healthy, updating status from Waiting to Healthy",
    "no step": "Application is in no step of the RollingSync strategy, it is not synced by it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """`statuses` are written first; then the Applications in `sync` get an operation."""

    statuses: list[JsonObject]
    sync: tuple[str, ...] = ()
    step: int | None = None
    """The first that is not done, counted from 1; None if all are."""
    issue: str = ""
    """Errors of the strategy."""


def is_rolling(spec: ApplicationSetSpec, *, enabled: bool) -> bool:
    return enabled and spec.is_rolling_asked and bool(spec.rolling_steps)


def unusable(spec: ApplicationSetSpec, *, enabled: bool) -> str:
    """Why the strategy cannot be followed at all, or ""."""
    given = spec.strategy.rolling_sync if enabled and spec.strategy and spec.is_rolling_asked else None
    return "No steps defined for rollout" if given is not None and not given.steps else ""


def without_automation(app: JsonObject) -> JsonObject:
    """Turns automated sync off: the strategy decides when an Application is synced."""
    policy = read(Application, app).spec.sync_policy
    if policy.automated is None:
        return app
    off = {**policy.raw, "automated": {**policy.automated.raw, "enabled": False}}
    return {**app, "spec": {**app["spec"], "syncPolicy": off}}


def advanced(
    appset: JsonObject,
    desired: Sequence[JsonObject],
    live: Mapping[str, JsonObject],
    now: datetime,
    jq: JqAnswers | None = None,
) -> Advance:
    """`desired` without automation; `live` by name, as it is before this look's writes. Sorted by name."""
    desired = sorted(desired, key=lambda app: str(app["metadata"]["name"]))
    seen = read(ApplicationSet, appset)
    steps = seen.spec.rolling_steps
    before = {item.application: item for item in seen.status.application_status}
    at_step = {app["metadata"]["name"]: step_of(app, steps) for app in desired}
    statuses: dict[str, JsonObject] = {}
    for app in desired:
        name = app["metadata"]["name"]
        statuses[name] = _observed(appset, app, live.get(name), before.get(name), at_step[name], now, jq)
    allowed = _current_steps(statuses, at_step, len(steps))
    moved = _started(statuses, at_step, steps, allowed, now)
    statuses |= moved
    # A Pending one may have to wait again: an Application of an earlier step has changed since.
    due = [name for name, item in statuses.items() if item["status"] == "Pending" and at_step[name] in allowed]
    sync = tuple(name for name in due if name in live)
    left = (at_step[name] for name, item in statuses.items() if item["status"] != "Healthy")
    step = min((at + 1 for at in left if at != NO_STEP), default=None)
    return Advance(statuses=list(statuses.values()), sync=sync, step=step, issue=rolling_steps.issue(steps, desired))


def operation(template: JsonObject) -> JsonObject:
    """The sync of one Application. `template`: as the set renders it, since its automation says whether to prune."""
    policy = read(Application, template).spec.sync_policy
    sync: JsonObject = {}
    if policy.sync_options:
        sync["syncOptions"] = list(policy.sync_options)
    if policy.automated is not None and policy.automated.prune and policy.is_automated:
        sync["prune"] = True
    info = [{"name": "Reason", "value": "ApplicationSet RollingSync triggered a sync of this Application resource"}]
    return {
        "initiatedBy": {"username": USERNAME, "automated": True},
        "info": info,
        "retry": written(policy.retry) if policy.retry else {"limit": 5},
        "sync": sync,
    }


def needs_operation(app: JsonObject, status: JsonObject) -> bool:
    """Not while one is requested, and not again after one that started since the Application became Pending."""
    seen = read(Application, app)
    return not seen.has_operation and not _operation_began(read(ApplicationRollout, status), seen.status)


def deletion_batch(appset: JsonObject, owned: Sequence[JsonObject]) -> list[JsonObject]:
    """`deletionOrder: Reverse`: the Applications of the last step that still has some.

    Those in no step are deleted after all others, by the garbage collector.
    """
    steps = read(ApplicationSet, appset).spec.rolling_steps
    placed = {app["metadata"]["name"]: step_of(app, steps) for app in owned}
    last = max(placed.values(), default=NO_STEP)
    return [] if last == NO_STEP else [app for app in owned if placed[app["metadata"]["name"]] == last]


def _observed(
    appset: JsonObject,
    app: JsonObject,
    live: JsonObject | None,
    before: ApplicationRollout | None,
    step: int,
    now: datetime,
    jq: JqAnswers | None,
) -> JsonObject:
    """The status after the Application's own state is applied, before the steps are considered."""
    name = app["metadata"]["name"]
    revisions = revisions_of(live) if live is not None else []
    if before is None:
        return _status(name, "Waiting", "new", step, revisions, now)
    label = step_text(step)
    same = {**before.raw, "step": label} if before.step != label else before.raw
    is_waiting = before.status == "Waiting"
    if live is None:
        return same if is_waiting else _status(name, "Waiting", "changed", step, [], now)
    differs, is_known = spec_differs(appset, live, app, jq), list(before.target_revisions) == revisions
    if not is_known or (differs and not is_waiting):
        if is_waiting:
            return {**same, "targetRevisions": revisions}
        return _status(name, "Waiting", "changed", step, revisions, now)
    return _followed(same, live, step, revisions, now) if not differs else same


def _followed(same: JsonObject, live: JsonObject, step: int, revisions: list[str], now: datetime) -> JsonObject:
    seen, status = read(ApplicationRollout, same), read(Application, live).status
    name, health, is_synced = seen.application, status.health.status, _is_synced(live)
    match seen.status:
        case "Waiting" if is_synced:
            word = "Healthy" if health == "Healthy" else "Progressing"
            return _status(name, word, "synced" if word == "Healthy" else "progressing", step, revisions, now)
        case "Pending" if _has_started(seen, status):
            return _status(name, "Progressing", "progressing", step, revisions, now)
        case "Progressing" if is_synced and health == "Healthy":
            return _status(name, "Healthy", "healthy", step, revisions, now)
    return same


def _is_synced(live: JsonObject) -> bool:
    """Synced with its current spec: a status from before the last change does not count."""
    sync, spec = read(Application, live).status.sync, spec_of(live)
    compared = sync.compared_to
    if compared is None:
        return sync.status == "Synced"
    if compared.destination.raw not in ({}, spec.destination.raw):
        return False
    sources = [source.raw for source in compared.sources or ((compared.source,) if compared.source else ())]
    is_current = not sources or normalised({"sources": sources})["sources"] == [one.raw for one in sources_of(spec)]
    return sync.status == "Synced" and is_current


def _has_started(same: ApplicationRollout, status: ApplicationStatus) -> bool:
    since = same.last_transition_time
    if not _after(status.reconciled_at, since):
        return False
    is_blocked = any(item.type in BLOCKING for item in status.conditions)
    return is_blocked or _operation_began(same, status)


def _operation_began(same: ApplicationRollout, status: ApplicationStatus) -> bool:
    """Whether an operation started since the Application became Pending.

    Times are whole seconds: an operation of that very second is identified by its revisions. If an earlier sync counted
    as the one that is due, the due one would never be requested.
    """
    state, since = status.operation_state, same.last_transition_time
    if not _after(state.started_at, since):
        return False
    wanted, synced = same.target_revisions, state.sync_result.all_revisions
    is_same_second = parse(state.started_at) == parse(str(since))
    return not (is_same_second and wanted and synced and synced != wanted)


def _current_steps(statuses: Mapping[str, JsonObject], at_step: Mapping[str, int], count: int) -> set[int]:
    """Steps whose earlier steps are all Healthy. An empty step blocks nothing."""
    allowed: set[int] = set()
    for step in range(count):
        allowed.add(step)
        if any(at_step[name] == step and item["status"] != "Healthy" for name, item in statuses.items()):
            break
    return allowed


def _started(
    statuses: Mapping[str, JsonObject],
    at_step: Mapping[str, int],
    steps: Sequence[RollingStep],
    allowed: set[int],
    now: datetime,
) -> dict[str, JsonObject]:
    """Which waiting Applications become Pending, within `maxUpdate`."""
    totals = Counter(at_step.values())
    # Applications in no step are counted into the first one, as upstream does (spec 15.5).
    totals[0] += totals.pop(NO_STEP, 0)
    under_way = Counter(
        at_step[name] for name, item in statuses.items() if item["status"] in ("Pending", "Progressing")
    )
    moved: dict[str, JsonObject] = {}
    for name, item in statuses.items():
        step = at_step[name]
        if item["status"] != "Waiting" or step not in allowed:
            continue
        limit = most(steps[step], totals[step])
        if limit is not None and under_way[step] >= limit:
            continue
        under_way[step] += 1
        moved[name] = _status(
            name, "Pending", "pending", step, list(read(ApplicationRollout, item).target_revisions), now
        )
    return moved


def revisions_of(live: JsonObject) -> list[str]:
    return list(read(Application, live).status.sync.all_revisions)


def step_text(step: int) -> str:
    return str(step + 1) if step != NO_STEP else "-1"


def _status(name: str, status: str, message: str, step: int, revisions: list[str], now: datetime) -> JsonObject:
    return {
        "application": name,
        "lastTransitionTime": seconds(now),
        "message": MESSAGES[message],
        "status": status,
        "step": step_text(step),
        "targetRevisions": revisions,
    }


def _after(moment: str | None, since: str | None) -> bool:
    """Times are whole seconds: an event in the same second counts as after."""
    return bool(moment) and bool(since) and parse(str(moment)) >= parse(str(since))
