"""Runs a Warehouse: discovers when it is time, tells what was found, and makes Freight of the newest.

Owns the status of kargo.akuity.io Warehouses and makes Freight. Reads credentials. Wakes when a discovery is due by the
interval, a change of the spec, or the refresh annotation, and when answers come. Source: spec/kargo.md 4.5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.machinery import duration, timestamps
from argosy.machinery.controller import NOTHING, PENDING, Controller, Decision, Event, Failed, Hidden, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write, create
from argosy.promotion.conditions import Conditions
from argosy.promotion.credentials.finding import found_credentials
from argosy.promotion.events import freight_event
from argosy.promotion.freight.identity import freight_id
from argosy.promotion.kinds import FREIGHT, WAREHOUSES
from argosy.promotion.names import REFRESH, SHARD
from argosy.promotion.settings import Settings
from argosy.promotion.status_patch import status
from argosy.promotion.warehouses.criteria import CriteriaFault, satisfied
from argosy.promotion.warehouses.questions import Discover, Found
from argosy.promotion.warehouses.subscriptions import UnknownSubscription, kind_of

DEFAULT_INTERVAL: Final = timedelta(minutes=5)
FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)
LISTS: Final = {"git": ("git", "commits"), "image": ("images", "references"), "chart": ("charts", "versions")}
MISSING: Final = {
    "git": ("NoCommitsDiscovered", "MissingCommits", 'No commits discovered for Git repository "{url}"'),
    "image": (
        "NoImageReferencesDiscovered",
        "MissingImageReferences",
        'No references discovered for image repository "{url}"',
    ),
    "chart": (
        "NoChartVersionsDiscovered",
        "MissingChartVersions",
        'No versions discovered for chart {name} from repository "{url}"',
    ),
}


@dataclass(frozen=True, slots=True)
class Discovering:
    slot: str
    generation: int
    token: str


@dataclass(frozen=True, slots=True)
class Announcing:
    """Freight was made; its Event is yet to be told, now that it has a uid."""

    name: str


@dataclass(frozen=True, slots=True)
class Failing:
    count: int
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    warehouse: JsonObject
    memory: Discovering | Announcing | Failing | None
    answers: tuple[Found, ...] | None = None
    """None while some are missing, or nothing was asked."""
    existing: JsonObject | None = None
    """The Freight that the newest artefacts make, where it is there already."""
    interval: timedelta = DEFAULT_INTERVAL
    unknown: str = ""
    refused: str = ""
    """Why the newest artefacts' Freight could not be made the last time."""


class Discovery:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def controller(self) -> Controller[Seen]:
        return Controller(
            name="warehouse-controller",
            kind=WAREHOUSES,
            look=self.look,
            decide=decide,
            owns=(FREIGHT,),
            background=True,
            manager="kargo",
            workers=8,
        )

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        warehouse = snapshot.object(WAREHOUSES, key)
        if warehouse is None or warehouse["metadata"].get("deletionTimestamp"):
            return None
        if not self._settings.owns((warehouse["metadata"].get("labels") or {}).get(SHARD) or ""):
            return None
        memory = snapshot.memory
        interval = max(_interval(warehouse), self._settings.min_warehouse_interval)
        if isinstance(memory, Announcing):
            made = snapshot.object(FREIGHT, Key(key.namespace, memory.name))
            return Seen(warehouse=warehouse, memory=memory, existing=made, interval=interval)
        if not isinstance(memory, Discovering):
            return Seen(warehouse=warehouse, memory=memory, interval=interval)
        try:
            answers = self._asked(snapshot, warehouse, memory)
        except UnknownSubscription as error:
            return Seen(warehouse=warehouse, memory=memory, interval=interval, unknown=str(error))
        refusal = snapshot.refusal
        refused = refusal.message if refusal and refusal.write.resource == FREIGHT else ""
        existing = None
        if answers is not None and (made := freight_of(warehouse, discovered(warehouse, answers))) is not None:
            existing = snapshot.object(FREIGHT, Key(key.namespace, freight_id(made)))
        return Seen(
            warehouse=warehouse, memory=memory, answers=answers, existing=existing, interval=interval, refused=refused
        )

    def _asked(self, snapshot: Snapshot, warehouse: JsonObject, memory: Discovering) -> tuple[Found, ...] | None:
        found: list[Found] = []
        complete = True
        for index, subscription in enumerate(warehouse["spec"].get("subscriptions") or ()):
            kind = kind_of(subscription, index)
            body = subscription[kind]
            wanted = [({"git": "git", "image": "image", "chart": "helm"}[kind], str(body.get("repoURL") or ""))]
            given = found_credentials(snapshot, warehouse["metadata"]["namespace"], wanted, self._settings)
            answer = snapshot.ask(
                Discover(
                    kind=kind,
                    name=subscription.get("name") or "",
                    body=json.dumps(body, sort_keys=True),
                    slot=memory.slot,
                    credentials=Hidden(json.dumps(given, sort_keys=True)),
                )
            )
            if answer is PENDING:
                complete = False
            elif isinstance(answer, Failed):
                found.append(Found(error=f"error discovering {body.get('repoURL')}: {answer.reason}"))
            else:
                found.append(answer)
        return tuple(found) if complete else None


def _interval(warehouse: JsonObject) -> timedelta:
    text = warehouse["spec"].get("interval")
    try:
        return duration.parse(text) if text else DEFAULT_INTERVAL
    except duration.DurationError:
        return DEFAULT_INTERVAL


def discovered(warehouse: JsonObject, answers: tuple[Found, ...]) -> JsonObject:
    """`status.discoveredArtifacts` without the time."""
    lists: JsonObject = {}
    for index, (subscription, answer) in enumerate(
        zip(warehouse["spec"].get("subscriptions") or (), answers, strict=True)
    ):
        field, _ = LISTS[kind_of(subscription, index)]
        named = {"subscriptionName": subscription["name"]} if subscription.get("name") else {}
        if answer.result is not None:
            lists.setdefault(field, []).append({**answer.result, **named})
    return lists


def freight_of(warehouse: JsonObject, found: Mapping[str, Any]) -> JsonObject | None:
    """Of the first item of every result; None where one is empty."""
    shape: JsonObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Freight",
        "metadata": {"namespace": warehouse["metadata"]["namespace"]},
        "origin": {"kind": "Warehouse", "name": warehouse["metadata"]["name"]},
    }
    count = 0
    for one in found.get("git") or ():
        if not one.get("commits"):
            return None
        shape.setdefault("commits", []).append(_commit(one))
        count += 1
    for one in found.get("images") or ():
        if not one.get("references"):
            return None
        first = one["references"][0]
        kept = {name: first[name] for name in ("tag", "digest", "annotations") if first.get(name)}
        shape.setdefault("images", []).append({"repoURL": one["repoURL"], **kept, **_named(one)})
        count += 1
    for one in found.get("charts") or ():
        if not one.get("versions"):
            return None
        name = {"name": one["name"]} if one.get("name") else {}
        chart = {"repoURL": one["repoURL"], **name, "version": one["versions"][0], **_named(one)}
        shape.setdefault("charts", []).append(chart)
        count += 1
    return shape if count else None


def _commit(one: Mapping[str, Any]) -> JsonObject:
    first = one["commits"][0]
    shape = {
        "repoURL": one["repoURL"],
        "id": first["id"],
        "branch": first.get("branch"),
        "tag": first.get("tag"),
        "message": first.get("subject"),
        "author": first.get("author"),
        "committer": first.get("committer"),
    }
    return {**{name: value for name, value in shape.items() if value}, **_named(one)}


def _named(one: Mapping[str, Any]) -> JsonObject:
    return {"subscriptionName": one["subscriptionName"]} if one.get("subscriptionName") else {}


# -- decide ------------------------------------------------------------------------------------------------------------


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
        return _begun(seen, now)
    return Decision(wake_at=due)


def _token(seen: Seen) -> str:
    return str((seen.warehouse["metadata"].get("annotations") or {}).get(REFRESH) or "")


def _is_asked(seen: Seen) -> bool:
    present = seen.warehouse.get("status") or {}
    changed = seen.warehouse["metadata"].get("generation", 0) > (present.get("observedGeneration") or 0)
    fresh = bool(_token(seen)) and _token(seen) != present.get("lastHandledRefresh")
    # After a failure neither is handled: a further change or request is what asks anew.
    return fresh or (changed and not isinstance(seen.memory, Failing))


def _due_at(seen: Seen, now: datetime) -> datetime:
    present = seen.warehouse.get("status") or {}
    last = (present.get("discoveredArtifacts") or {}).get("discoveredAt")
    interrupted = any(
        one["type"] == "Reconciling" and one["status"] == "True" for one in present.get("conditions") or ()
    )
    if not last or interrupted or _is_asked(seen) or isinstance(seen.memory, Failing):
        return now
    return timestamps.parse(last) + seen.interval


def _conditions(seen: Seen, now: datetime) -> Conditions:
    present = seen.warehouse.get("status") or {}
    return Conditions(present.get("conditions") or (), int(seen.warehouse["metadata"].get("generation") or 0), now)


def _begun(seen: Seen, now: datetime) -> Decision:
    conditions = _conditions(seen, now)
    count = len(seen.warehouse["spec"].get("subscriptions") or ())
    conditions.set("Reconciling", "True", "ScheduledDiscovery", f"Discovering artifacts for {count} subscriptions")
    if not isinstance(seen.memory, Failing):
        conditions.set("Ready", "False", "DiscoveryInProgress", "Waiting for discovery to complete")
        waits = "Health status cannot be determined until artifact discovery is finished"
        conditions.set("Healthy", "Unknown", "Pending", waits)
    conditions.remove("FreightCreated", "FreightCreationCriteriaSatisfied")
    wanted = {**(seen.warehouse.get("status") or {}), "conditions": conditions.ordered()}
    generation, token = int(seen.warehouse["metadata"].get("generation") or 0), _token(seen)
    slot = f"{generation}/{token}/{timestamps.micros(now)}"
    count_of_failures = seen.memory.count if isinstance(seen.memory, Failing) else 0
    return Decision(
        status(WAREHOUSES, seen.warehouse, wanted),
        memory=Discovering(f"{slot}#{count_of_failures}", generation, token),
    )


def _failed(seen: Seen, error: str, now: datetime) -> Decision:
    assert isinstance(seen.memory, Discovering)
    conditions = _conditions(seen, now)
    conditions.set("Healthy", "False", "DiscoveryFailed", f"Unable to discover artifacts: {error}")
    conditions.set("Ready", "False", "DiscoveryFailure", f"Artifact discovery failed: {error}")
    wanted = {**(seen.warehouse.get("status") or {}), "conditions": conditions.ordered()}
    if seen.memory.token:
        wanted["lastHandledRefresh"] = seen.memory.token
    count = int(seen.memory.slot.rpartition("#")[2]) + 1
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(count - 1, 9))
    steps = status(WAREHOUSES, seen.warehouse, wanted)
    return Decision(steps, wake_at=now + wait, memory=Failing(count, now + wait))


def _found(seen: Seen, found: JsonObject, now: datetime) -> Decision:
    assert isinstance(seen.memory, Discovering)
    conditions = _conditions(seen, now)
    wanted = {
        **(seen.warehouse.get("status") or {}),
        "discoveredArtifacts": {**found, "discoveredAt": timestamps.seconds(now)},
        "observedGeneration": seen.memory.generation,
    }
    if seen.memory.token:
        wanted["lastHandledRefresh"] = seen.memory.token
    steps: tuple[Write | Event, ...] = ()
    if missing := _missing(found):
        healthy, ready, message = missing
        conditions.set("Healthy", "False", healthy, message)
        conditions.set("Ready", "False", ready, message)
    else:
        steps = _freight(seen, found, conditions, wanted, now)
    conditions.remove("Reconciling")
    wanted["conditions"] = conditions.ordered()
    told = status(WAREHOUSES, seen.warehouse, wanted)
    made = next((step.key.name for step in steps if isinstance(step, Write)), "")
    if made:
        refused = _refused(seen, made, wanted, now)
        return Decision((*refused, *steps, *(map(_of_any_version, told) if refused else told)), memory=Announcing(made))
    return Decision((*steps, *told), wake_at=now + seen.interval, memory=None)


def _refused(seen: Seen, name: str, wanted: JsonObject, now: datetime) -> tuple[Write, ...]:
    """Told before it is tried again, as a refusal ends the turn."""
    if not seen.refused:
        return ()
    conditions, space = _conditions(seen, now), seen.warehouse["metadata"]["namespace"]
    message = f'Error creating Freight "{name}" in namespace "{space}": {seen.refused}'
    conditions.set("Healthy", "False", "FreightBuildFailure", message)
    conditions.set("Ready", "False", "FreightCreationFailure", message)
    kept = {field: value for field, value in wanted.items() if field != "lastFreightID"}
    return status(WAREHOUSES, seen.warehouse, {**kept, "conditions": conditions.ordered()})


def _of_any_version(write: Write) -> Write:
    """Of a status that an earlier write of the same turn has changed."""
    body = dict(write.body or {})
    metadata = {field: value for field, value in body["metadata"].items() if field != "resourceVersion"}
    return replace(write, body={**body, "metadata": metadata})


def _missing(found: Mapping[str, Any]) -> tuple[str, str, str] | None:
    if not found:
        message = "No artifacts discovered"
        return "MissingArtifacts", "MissingArtifacts", message
    for kind, (field, items) in LISTS.items():
        for one in found.get(field) or ():
            if not one.get(items):
                healthy, ready, message = MISSING[kind]
                return (
                    healthy,
                    ready,
                    message.format(url=one["repoURL"], name=f'"{one["name"]}"' if one.get("name") else ""),
                )
    return None


def _freight(
    seen: Seen, found: JsonObject, conditions: Conditions, wanted: JsonObject, now: datetime
) -> tuple[Write | Event, ...]:
    """Sets the conditions, and returns what makes the Freight."""
    steps: tuple[Write | Event, ...] = ()
    spec = seen.warehouse["spec"]
    count = len(spec.get("subscriptions") or ())
    if spec.get("freightCreationPolicy") != "Manual":
        try:
            steps = _created(seen, found, conditions, wanted, now)
        except CriteriaFault as fault:
            message = f"Evaluation of Freight creation criteria failed: {fault}"
            conditions.set("Ready", "False", "CriteriaEvaluationFailed", message)
            conditions.set("Healthy", "False", "CriteriaEvaluationFailed", message)
            return ()
    conditions.set("Healthy", "True", "ReconciliationSucceeded")
    ready = f"Successfully discovered artifacts from {count} subscriptions"
    conditions.set("Ready", "True", "ArtifactsDiscovered", ready)
    return steps


def _created(
    seen: Seen, found: JsonObject, conditions: Conditions, wanted: JsonObject, now: datetime
) -> tuple[Write | Event, ...]:
    """Raises CriteriaFault."""
    expression = (seen.warehouse["spec"].get("freightCreationCriteria") or {}).get("expression") or ""
    if not satisfied(expression, found):
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
    piece = {**made, "metadata": {**made["metadata"], "name": name}, "discoveredAt": timestamps.seconds(now)}
    return (create(FREIGHT, piece),)


def created_event(freight: JsonObject) -> Event:
    return freight_event(
        freight,
        "FreightCreated",
        "Freight created from discovered artifacts",
        "controller:warehouse-controller",
        stage_name="",
    )
