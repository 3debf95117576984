"""Runs a Stage: finished Promotions, what it holds, its health, its verification, and the next Promotion.

Owns the status of kargo.akuity.io Stages, `currentlyIn` and `verifiedIn` of Freight, and creates Promotions and
AnalysisRuns. Reads Promotions, Freight, Warehouses, the ProjectConfig, Applications and AnalysisRuns. Wakes on any
change of these and when a soak time ends.

The parts run in upstream's order (spec/kargo.md 5.2). Each is a pure function of the status so far. The first that
changes anything is written and re-read before the next runs, so what must survive is stored first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from argosy.apis.kargo import Stage
from argosy.apis.schema import read
from argosy.machinery.controller import NOTHING, Apart, Controller, Decision, Event
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write, merge
from argosy.promotion.kinds import ANALYSIS_RUNS, FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.names import FINALIZER, REFRESH
from argosy.promotion.settings import Settings
from argosy.promotion.stages.assessment import assess_health
from argosy.promotion.stages.auto_promotion import auto_promote
from argosy.promotion.stages.control_flow import passed_on
from argosy.promotion.stages.deletion import taken_down
from argosy.promotion.stages.finished_promotions import sync_promotions
from argosy.promotion.stages.held import sync_freight
from argosy.promotion.stages.ready import summarise
from argosy.promotion.stages.seen import Looking, Seen
from argosy.promotion.stages.verified import mark_verified, verify
from argosy.promotion.stages.work import Part, Work, fresh
from argosy.promotion.status_patch import status

Place = tuple[Resource, Key]

PARTS: Final[tuple[Part, ...]] = (
    sync_promotions,
    sync_freight,
    assess_health,
    verify,
    mark_verified,
    auto_promote,
)
"""In upstream's order."""


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name="stage-controller",
        kind=STAGES,
        look=Looking(settings).look,
        decide=decide,
        owns=(FREIGHT, PROMOTIONS, ANALYSIS_RUNS),
        manager="kargo",
        workers=16,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    metadata = seen.stage.metadata
    if metadata.deletion_timestamp:
        return taken_down(seen)
    if FINALIZER not in metadata.finalizers:
        finalizers = [*metadata.finalizers, FINALIZER]
        return Decision((merge(STAGES, seen.stage.raw, {"metadata": {"finalizers": finalizers}}),))
    if seen.stage.is_control_flow:
        return passed_on(seen, now)
    return _passed(seen, now)


def _passed(seen: Seen, now: datetime) -> Decision:
    """Runs all parts in order, each on the status that the previous one left; their writes follow each other.

    The first status is written to exactly the version that was read; later ones build on it. A finished Promotion has
    other health checks: the pass stops there and starts over.
    """
    steps: list[Write | Event | Apart] = []
    touched: set[Place] = set()
    wake_at: datetime | None = None
    last = seen.status.last_name
    for part in PARTS:
        work = part(seen, fresh(seen, now), now)
        wanted, made = _written(seen, work)
        steps += [_following(step, touched) for step in made]
        seen = replace(seen, stage=read(Stage, {**seen.stage.raw, "status": wanted}))
        wake_at = min((moment for moment in (wake_at, work.wake_at) if moment), default=None)
        if any(isinstance(step, Write) and not step.subresource and step.resource == STAGES for step in made):
            break  # the Stage itself changed: its next version is read first
        if seen.status.last_name != last:
            break
    return Decision(tuple(steps), wake_at=wake_at) if steps or wake_at else NOTHING


def _following(step: Write | Event | Apart, touched: set[Place]) -> Write | Event | Apart:
    """A write to an object that was changed earlier in the same pass: same uid, but at whatever version it has now."""
    if not isinstance(step, Write) or not isinstance(step.body, dict):
        return step
    place = (step.resource, step.key)
    if place not in touched:
        touched.add(place)
        return step
    metadata = {name: value for name, value in step.body["metadata"].items() if name != "resourceVersion"}
    return replace(step, body={**step.body, "metadata": metadata})


def _written(seen: Seen, work: Work) -> tuple[JsonObject, list[Write | Event | Apart]]:
    """The status after a part, and the writes that produce it."""
    wanted = dict(work.status)
    summarise(wanted, work.conditions, seen.stage.metadata.generation)
    wanted["conditions"] = work.conditions.ordered()
    if token := seen.annotation(REFRESH):
        wanted["lastHandledRefresh"] = token
    wanted = {name: value for name, value in wanted.items() if value is not None}
    changed = _metadata(seen, work)
    if changed:  # separately: it changes the resourceVersion that the status is written with
        return dict(seen.status.raw), [*work.before, *changed]
    return wanted, [*work.before, *status(STAGES, seen.stage.raw, wanted), *work.after]


def _metadata(seen: Seen, work: Work) -> tuple[Write, ...]:
    present = seen.stage.metadata.annotations
    if all(present.get(name) == value for name, value in work.metadata.items()):
        return ()
    return (merge(STAGES, seen.stage.raw, {"metadata": {"annotations": work.metadata}}),)
