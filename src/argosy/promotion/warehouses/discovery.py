"""Runs a Warehouse: discovers when it is due, reports the result, and creates Freight from the newest artefacts.

Owns the status of kargo.akuity.io Warehouses and creates Freight. Reads credentials. Wakes when a discovery is due by
the interval, a change of the spec, or the refresh annotation, and when answers arrive. Source: spec/kargo.md 4.5.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.kargo import Freight
from argosy.apis.kargo.warehouse import DiscoveredArtifacts
from argosy.machinery import timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, create
from argosy.promotion.conditions import Conditions
from argosy.promotion.events import freight_event
from argosy.promotion.freight.identity import freight_id
from argosy.promotion.kinds import FREIGHT, WAREHOUSES
from argosy.promotion.settings import Settings
from argosy.promotion.status_patch import status
from argosy.promotion.warehouses.artifacts import discovered, freight_of, missing
from argosy.promotion.warehouses.criteria import CriteriaFault, satisfied
from argosy.promotion.warehouses.seen import Announcing, Discovering, Failing, Looking, Seen

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name="warehouse-controller",
        kind=WAREHOUSES,
        look=Looking(settings).look,
        decide=decide,
        owns=(FREIGHT,),
        background=True,
        manager="kargo",
        workers=8,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    if isinstance(seen.memory, Discovering):
        if seen.unknown:
            return _failed(seen, seen.unknown, now)
        if seen.answers is None:
            return NOTHING
        if errors := [answer.error for answer in seen.answers if answer.error]:
            return _failed(seen, f"error discovering artifacts: {errors[0]}", now)
        return _found(seen, discovered(seen.warehouse, seen.answers), now)
    if isinstance(seen.memory, Announcing):
        events = (created_event(seen.existing),) if seen.existing is not None else ()
        return Decision(events, memory=None)
    if isinstance(seen.memory, Failing) and now < seen.memory.retry_at and not _is_asked(seen):
        return Decision(wake_at=seen.memory.retry_at)
    due = _due_at(seen, now)
    if now >= due:
        return _started(seen, now)
    return Decision(wake_at=due)


def _is_asked(seen: Seen) -> bool:
    present = seen.warehouse.status
    changed = seen.warehouse.metadata.generation > present.observed_generation
    fresh = bool(seen.token) and seen.token != present.last_handled_refresh
    # After a failure neither is handled: only a further change or request starts another discovery.
    return fresh or (changed and not isinstance(seen.memory, Failing))


def _due_at(seen: Seen, now: datetime) -> datetime:
    present = seen.warehouse.status
    last = present.discovered_artifacts.discovered_at if present.discovered_artifacts else ""
    interrupted = any(one.type == "Reconciling" and one.status == "True" for one in present.conditions)
    if not last or interrupted or _is_asked(seen) or isinstance(seen.memory, Failing):
        return now
    return timestamps.parse(last) + seen.interval


def _conditions(seen: Seen, now: datetime) -> Conditions:
    return Conditions(seen.warehouse.status.conditions, seen.warehouse.metadata.generation, now)


def _started(seen: Seen, now: datetime) -> Decision:
    conditions = _conditions(seen, now)
    count = len(seen.warehouse.spec.subscriptions)
    conditions.set("Reconciling", "True", "ScheduledDiscovery", f"Discovering artifacts for {count} subscriptions")
    if not isinstance(seen.memory, Failing):
        conditions.set("Ready", "False", "DiscoveryInProgress", "Waiting for discovery to complete")
        waits = "Health status cannot be determined until artifact discovery is finished"
        conditions.set("Healthy", "Unknown", "Pending", waits)
    conditions.remove("FreightCreated", "FreightCreationCriteriaSatisfied")
    wanted = {**seen.warehouse.status.raw, "conditions": conditions.ordered()}
    generation, token = seen.warehouse.metadata.generation, seen.token
    slot = f"{generation}/{token}/{timestamps.micros(now)}"
    count_of_failures = seen.memory.count if isinstance(seen.memory, Failing) else 0
    return Decision(
        status(WAREHOUSES, seen.warehouse.raw, wanted),
        memory=Discovering(f"{slot}#{count_of_failures}", generation, token),
    )


def _failed(seen: Seen, error: str, now: datetime) -> Decision:
    assert isinstance(seen.memory, Discovering)
    conditions = _conditions(seen, now)
    conditions.set("Healthy", "False", "DiscoveryFailed", f"Unable to discover artifacts: {error}")
    conditions.set("Ready", "False", "DiscoveryFailure", f"Artifact discovery failed: {error}")
    wanted = {**seen.warehouse.status.raw, "conditions": conditions.ordered()}
    if seen.memory.token:
        wanted["lastHandledRefresh"] = seen.memory.token
    count = int(seen.memory.slot.rpartition("#")[2]) + 1
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(count - 1, 9))
    # The immediate next look sets the wake time: a refresh may have been requested meanwhile.
    return Decision(status(WAREHOUSES, seen.warehouse.raw, wanted), memory=Failing(count, now + wait))


def _found(seen: Seen, found: DiscoveredArtifacts, now: datetime) -> Decision:
    assert isinstance(seen.memory, Discovering)
    conditions = _conditions(seen, now)
    wanted = {
        **seen.warehouse.status.raw,
        "discoveredArtifacts": {**found.raw, "discoveredAt": timestamps.seconds(now)},
        "observedGeneration": seen.memory.generation,
    }
    if seen.memory.token:
        wanted["lastHandledRefresh"] = seen.memory.token
    steps: tuple[Write | Event, ...] = ()
    if lack := missing(found):
        healthy, ready, message = lack
        conditions.set("Healthy", "False", healthy, message)
        conditions.set("Ready", "False", ready, message)
    else:
        steps = _freight(seen, found, conditions, wanted, now)
    conditions.remove("Reconciling")
    wanted["conditions"] = conditions.ordered()
    writes = status(WAREHOUSES, seen.warehouse.raw, wanted)
    made = next((step.key.name for step in steps if isinstance(step, Write)), "")
    if made:
        refused = _refused(seen, made, wanted, now)
        return Decision(
            (*refused, *steps, *(map(_of_any_version, writes) if refused else writes)), memory=Announcing(made)
        )
    # The immediate next look sets the next time: a refresh may have been requested meanwhile, and if the answer to
    # the write was lost, writing it again changes nothing that would wake us.
    return Decision((*steps, *writes), memory=None)


def _refused(seen: Seen, name: str, wanted: JsonObject, now: datetime) -> tuple[Write, ...]:
    """Reported before the retry, since a refusal stops the turn."""
    if not seen.refused:
        return ()
    conditions, space = _conditions(seen, now), seen.warehouse.metadata.namespace
    message = f'Error creating Freight "{name}" in namespace "{space}": {seen.refused}'
    conditions.set("Healthy", "False", "FreightBuildFailure", message)
    conditions.set("Ready", "False", "FreightCreationFailure", message)
    kept = {field: value for field, value in wanted.items() if field != "lastFreightID"}
    return status(WAREHOUSES, seen.warehouse.raw, {**kept, "conditions": conditions.ordered()})


def _of_any_version(write: Write) -> Write:
    """A patch of a status that an earlier write of the same turn has changed."""
    body = dict(write.body or {})
    metadata = {field: value for field, value in body["metadata"].items() if field != "resourceVersion"}
    return replace(write, body={**body, "metadata": metadata})


def _freight(
    seen: Seen, found: DiscoveredArtifacts, conditions: Conditions, wanted: JsonObject, now: datetime
) -> tuple[Write | Event, ...]:
    """Sets the conditions, and returns the writes that create the Freight."""
    steps: tuple[Write | Event, ...] = ()
    spec = seen.warehouse.spec
    if spec.freight_creation_policy != "Manual":
        try:
            steps = _created(seen, found, conditions, wanted, now)
        except CriteriaFault as fault:
            message = f"Evaluation of Freight creation criteria failed: {fault}"
            conditions.set("Ready", "False", "CriteriaEvaluationFailed", message)
            conditions.set("Healthy", "False", "CriteriaEvaluationFailed", message)
            return ()
    conditions.set("Healthy", "True", "ReconciliationSucceeded")
    ready = f"Successfully discovered artifacts from {len(spec.subscriptions)} subscriptions"
    conditions.set("Ready", "True", "ArtifactsDiscovered", ready)
    return steps


def _created(
    seen: Seen, found: DiscoveredArtifacts, conditions: Conditions, wanted: JsonObject, now: datetime
) -> tuple[Write | Event, ...]:
    """Raises CriteriaFault."""
    if not satisfied(seen.warehouse.spec.freight_creation_criteria.expression, found):
        message = "Freight creation criteria were not satisfied"
        conditions.set("FreightCreationCriteriaSatisfied", "False", "CriteriaNotSatisfied", message)
        return ()
    message = "Freight creation criteria satisfied"
    conditions.set("FreightCreationCriteriaSatisfied", "True", "CriteriaSatisfied", message)
    made = freight_of(seen.warehouse, found)
    assert made is not None
    name = freight_id(made)
    wanted["lastFreightID"] = name
    if seen.existing is not None:
        message = "Freight composed of the newest artifacts already exists"
        conditions.set("FreightCreated", "False", "AlreadyExists", message)
        return ()
    message = "No Freight composed of the newest artifacts already existed"
    conditions.set("FreightCreated", "True", "NewFreight", message)
    metadata = {"namespace": made.metadata.namespace, "name": name}
    piece = {**made.raw, "metadata": metadata, "discoveredAt": timestamps.seconds(now)}
    return (create(FREIGHT, piece),)


def created_event(freight: Freight) -> Event:
    return freight_event(
        freight,
        "FreightCreated",
        "Freight created from discovered artifacts",
        "controller:warehouse-controller",
        stage_name="",
    )
