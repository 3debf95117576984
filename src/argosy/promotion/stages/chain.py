"""Runs a Stage: what was promoted, what it holds, how healthy that is, whether it is verified, what comes next.

Owns the status of kargo.akuity.io Stages, `currentlyIn` and `verifiedIn` of Freight, and makes Promotions and
AnalysisRuns. Reads Promotions, Freight, Warehouses, the ProjectConfig, Applications and AnalysisRuns. Wakes on any
change of these and when a soak time ends.

The parts go in upstream's order (spec/kargo.md 5.2). Each is a pure function of the status so far. The first that
changes anything is written and looked at again before the next, so what must survive is stored first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from argosy.machinery import duration, timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, create, delete, merge
from argosy.promotion.conditions import Conditions
from argosy.promotion.events import freight_event, promotion_event
from argosy.promotion.freight.availability import availability, soaked
from argosy.promotion.freight.references import freight_names, recorded, summary
from argosy.promotion.kinds import ANALYSIS_RUNS, FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.names import ARGOCD_CONTEXT, FINALIZER, REFRESH
from argosy.promotion.promotions.naming import promotion_name, ulid
from argosy.promotion.settings import Settings
from argosy.promotion.stages import holds as holding
from argosy.promotion.stages import verification
from argosy.promotion.stages.candidates import candidates, eligible
from argosy.promotion.stages.health import PROMOTING
from argosy.promotion.stages.order import is_terminal, ordered, phase_of
from argosy.promotion.stages.policies import PolicyError, auto_promotion_enabled
from argosy.promotion.stages.seen import Looking, Seen, is_control_flow
from argosy.promotion.status_patch import status

WAITS_FOR_HEALTH: Final = "Waiting for health check to be performed after successful promotion"
WAITS_FOR_VERIFICATION: Final = "Waiting for verification to be performed after successful promotion"
VERIFICATION_EVENTS: Final = {
    "Successful": "FreightVerificationSucceeded",
    "Failed": "FreightVerificationFailed",
    "Error": "FreightVerificationErrored",
    "Aborted": "FreightVerificationAborted",
    "Inconclusive": "FreightVerificationInconclusive",
}
ACTOR: Final = "controller:stage-controller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A status on its way, and what is to be written with it."""

    status: JsonObject
    conditions: Conditions
    before: tuple[Write | Event, ...] = ()
    """Written before the status."""
    after: tuple[Event, ...] = ()
    metadata: JsonObject = field(default_factory=dict)
    """Annotations and labels of the Stage, as a merge patch."""
    wake_at: datetime | None = None


Part = Callable[[Seen, Work, datetime], Work]


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
    metadata = seen.stage["metadata"]
    if metadata.get("deletionTimestamp"):
        return _deleted(seen)
    if FINALIZER not in (metadata.get("finalizers") or ()):
        finalizers = [*(metadata.get("finalizers") or ()), FINALIZER]
        return Decision((merge(STAGES, seen.stage, {"metadata": {"finalizers": finalizers}}),))
    if is_control_flow(seen.stage):
        return _control_flow(seen, now)
    return _passed(seen, now)


def _passed(seen: Seen, now: datetime) -> Decision:
    """All parts in order, each over what the one before left; their writes follow each other.

    The first status is written to exactly what was seen; the later ones build on it. A finished Promotion changes what
    health is made of, so the pass ends there and begins anew.
    """
    steps: list[Write | Event] = []
    wake_at: datetime | None = None
    last = (seen.status.get("lastPromotion") or {}).get("name")
    for part in PARTS:
        work = part(seen, _fresh(seen, now), now)
        wanted, made = _written(seen, work)
        steps += made if not steps else [_following(step) for step in made]
        seen = replace(seen, stage={**seen.stage, "status": wanted})
        wake_at = min((moment for moment in (wake_at, work.wake_at) if moment), default=None)
        if any(isinstance(step, Write) and not step.subresource and step.resource == STAGES for step in made):
            break  # the Stage itself changed: its next version is looked at first
        if (wanted.get("lastPromotion") or {}).get("name") != last:
            break
    return Decision(tuple(steps), wake_at=wake_at) if steps or wake_at else NOTHING


def _following(step: Write | Event) -> Write | Event:
    """A write to the Stage's status after another one of the same pass: of the same object, whatever its version."""
    if isinstance(step, Event) or step.resource != STAGES or not isinstance(step.body, dict):
        return step
    metadata = {name: value for name, value in step.body["metadata"].items() if name != "resourceVersion"}
    return replace(step, body={**step.body, "metadata": metadata})


def _fresh(seen: Seen, now: datetime) -> Work:
    generation = int(seen.stage["metadata"].get("generation") or 0)
    return Work(status=dict(seen.status), conditions=Conditions(seen.status.get("conditions") or (), generation, now))


def _written(seen: Seen, work: Work) -> tuple[JsonObject, list[Write | Event]]:
    """The status after a part, and the writes that make it."""
    wanted = dict(work.status)
    _summarise(wanted, work.conditions, int(seen.stage["metadata"].get("generation") or 0))
    wanted["conditions"] = work.conditions.ordered()
    if token := seen.annotation(REFRESH):
        wanted["lastHandledRefresh"] = token
    wanted = {name: value for name, value in wanted.items() if value is not None}
    changed = _metadata(seen, work)
    if changed:  # alone: it changes the resourceVersion that the status is written with
        return dict(seen.status), [*work.before, *changed]
    return wanted, [*work.before, *status(STAGES, seen.stage, wanted), *work.after]


def _metadata(seen: Seen, work: Work) -> tuple[Write, ...]:
    present = seen.stage["metadata"].get("annotations") or {}
    if all(present.get(name) == value for name, value in work.metadata.items()):
        return ()
    return (merge(STAGES, seen.stage, {"metadata": {"annotations": work.metadata}}),)


def _summarise(wanted: JsonObject, conditions: Conditions, generation: int) -> None:
    """The Ready condition: the first that stands in the way tells its reason."""
    promoting = conditions.get("Promoting")
    last = (wanted.get("lastPromotion") or {}).get("status") or {}
    healthy, verified = conditions.get("Healthy"), conditions.get("Verified")
    if promoting is not None:
        conditions.set("Ready", "False", promoting["reason"], promoting["message"])
    elif last and last.get("phase") != "Succeeded":
        conditions.set("Ready", "False", f"LastPromotion{last.get('phase')}", last.get("message") or "")
    elif healthy is None or healthy["status"] != "True":
        reason, message = (healthy["reason"], healthy["message"]) if healthy else ("Unhealthy", "Stage is not healthy")
        conditions.set("Ready", "False", reason, message)
    elif verified is None or verified["status"] != "True":
        waits = ("PendingVerification", "Freight is pending verification")
        reason, message = (verified["reason"], verified["message"]) if verified else waits
        conditions.set("Ready", "False", reason, message)
    else:
        conditions.set("Ready", "True", verified["reason"], verified["message"])
        conditions.remove("Reconciling")
        wanted["observedGeneration"] = generation


# -- what was promoted -------------------------------------------------------------------------------------------------


def sync_promotions(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    processed = str((status_.get("lastPromotion") or {}).get("name") or "")
    fresh = [one for one in seen.promotions if is_terminal(one) and str(one["metadata"]["name"]) > processed]
    metadata: JsonObject = {}
    for promotion in sorted(fresh, key=lambda one: str(one["metadata"]["name"])):
        metadata = {**metadata, **_processed(status_, conditions, promotion)}
    current = _next(seen, status_)
    if current is None:
        status_.pop("currentPromotion", None)
        conditions.remove("Promoting")
    else:
        name, phase = current["metadata"]["name"], phase_of(current) or "Pending"
        if (status_.get("currentPromotion") or {}).get("name") != name:
            status_["currentPromotion"] = _current(current)
        conditions.set("Promoting", "True", "ActivePromotion", f'Promotion "{name}" is currently {phase}')
    history = status_.get("freightHistory") or []
    status_["freightSummary"] = summary(seen.requests, history[0] if history else {})
    return replace(work, metadata=metadata)


def _processed(status_: JsonObject, conditions: Conditions, promotion: JsonObject) -> JsonObject:
    """Takes a finished Promotion in; returns annotations of the Stage."""
    result = dict(promotion.get("status") or {})
    held = holding.applied(status_.get("autoPromotionHolds") or {}, promotion)
    status_["autoPromotionHolds"] = held or None
    last = {"name": promotion["metadata"]["name"], "status": result, "finishedAt": result.get("finishedAt")}
    if result.get("freight"):
        last["freight"] = result["freight"]
    status_["lastPromotion"] = last
    collection = result.get("freightCollection")
    if result.get("phase") != "Succeeded" or not collection:
        return {}
    status_["freightHistory"] = recorded(status_.get("freightHistory") or [], collection)
    status_["health"] = None
    conditions.set("Healthy", "Unknown", "WaitingForHealthCheck", WAITS_FOR_HEALTH)
    conditions.set("Verified", "Unknown", "WaitingForVerification", WAITS_FOR_VERIFICATION)
    return _context(result)


def _context(result: Mapping[str, Any]) -> JsonObject:
    """The Applications that it touched, for the page that shows the Stage."""
    applications = [
        {"name": one["name"], "namespace": one["namespace"]}
        for check in result.get("healthChecks") or ()
        if check.get("uses") == "argocd-update"
        for one in (check.get("config") or {}).get("apps") or ()
    ]
    return {ARGOCD_CONTEXT: json.dumps(applications, separators=(",", ":"))} if applications else {}


def _current(promotion: JsonObject) -> JsonObject:
    freight = (promotion.get("status") or {}).get("freight")
    return {"name": promotion["metadata"]["name"], **({"freight": freight} if freight else {})}


def _next(seen: Seen, status_: Mapping[str, Any]) -> JsonObject | None:
    """The Promotion whose turn it is: the running one, or the oldest that waits unless a verification still matters."""
    waiting = [one for one in ordered(seen.promotions) if not is_terminal(one)]
    if not waiting:
        return None
    first = waiting[0]
    name = (status_.get("currentPromotion") or {}).get("name")
    if phase_of(first) == "Running" or name == first["metadata"]["name"]:
        return first
    return first if not _verification_matters(seen, status_) else None


def _verification_matters(seen: Seen, status_: Mapping[str, Any]) -> bool:
    history = status_.get("freightHistory") or ()
    if not history or (status_.get("lastPromotion") or {}).get("status", {}).get("phase") != "Succeeded":
        return False
    current = verification.current_of(history[0])
    if current is not None:
        return not verification.is_terminal(current)
    # Health that is not known yet, or progresses, still leads to a verification; a bad one does not (kargo#7032).
    return (status_.get("health") or {}).get("status") != "Unhealthy"


# -- what it holds -----------------------------------------------------------------------------------------------------


def sync_freight(seen: Seen, work: Work, now: datetime) -> Work:
    history = seen.status.get("freightHistory") or ()
    held = set(freight_names(history[0])) if history else set()
    writes: list[Write] = []
    for piece in seen.freight:
        name, current = piece["metadata"]["name"], (piece.get("status") or {}).get("currentlyIn") or {}
        if name in held and seen.key.name not in current:
            since = {seen.key.name: {"since": timestamps.seconds(now)}}
            writes.append(_of_freight(piece, {"currentlyIn": since}))
        elif name not in held and seen.key.name in current:
            writes.append(_of_freight(piece, _left(seen.key.name, piece, now)))
    return replace(work, before=tuple(writes))


def _left(stage: str, piece: JsonObject, now: datetime) -> JsonObject:
    """It is gone from here; how long it has been here counts, if it was verified here."""
    others = set((piece.get("status") or {}).get("currentlyIn") or {}) - {stage}
    patch: JsonObject = {"currentlyIn": {stage: None} if others else None}
    if stage in ((piece.get("status") or {}).get("verifiedIn") or {}):
        patch["verifiedIn"] = {stage: {"longestSoak": duration.spelled(soaked(piece, stage, now))}}
    return patch


def _of_freight(piece: JsonObject, patch: JsonObject) -> Write:
    return merge(FREIGHT, piece, {"status": patch}, subresource="status")


# -- how healthy it is -------------------------------------------------------------------------------------------------


def assess_health(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    last = status_.get("lastPromotion")
    if status_.get("currentPromotion"):
        status_["health"] = {"status": "Unknown", "issues": [PROMOTING]}
        conditions.set("Healthy", "Unknown", "ActivePromotion", "Stage has a Promotion in progress")
        return work
    if not last:
        status_["health"] = None
        conditions.set("Healthy", "Unknown", "NoFreight", "Stage has no current Freight")
        return work
    phase = (last.get("status") or {}).get("phase")
    if phase != "Succeeded":
        status_["health"] = {"status": "Unknown", "issues": [NOT_SUCCEEDED]}
        conditions.set("Healthy", "Unknown", f"LastPromotion{phase}", NOT_SUCCEEDED)
        return work
    status_["health"] = seen.health
    count = len((last.get("status") or {}).get("healthChecks") or ())
    state = seen.health["status"]
    if state == "Healthy":
        conditions.set("Healthy", "True", "Healthy", f"Stage is healthy (performed {count} health checks)")
    elif state == "Unhealthy":
        issues = len(seen.health.get("issues") or ())
        conditions.set(
            "Healthy", "False", "Unhealthy", f"Stage is unhealthy ({issues} issues in {count} health checks)"
        )
    else:
        conditions.set("Healthy", "Unknown", state, "")
    return replace(work, before=seen.refreshes)


NOT_SUCCEEDED: Final = "Cannot assess health because last Promotion did not succeed"


# -- whether it is verified --------------------------------------------------------------------------------------------


def verify(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    history = list(status_.get("freightHistory") or ())
    if not history:
        conditions.set("Verified", "Unknown", "NoFreight", "Stage has no current Freight to verify")
        return work
    if (
        status_.get("currentPromotion")
        or (status_.get("lastPromotion") or {}).get("status", {}).get("phase") != "Succeeded"
    ):
        return work
    if (status_.get("health") or {}).get("status") != "Healthy":
        return work
    collection = history[0]
    changed, writes = verification.next_verification(seen, collection, now)
    events: tuple[Event, ...] = ()
    if changed is not None:
        collection = _with_verification(collection, changed)
        status_["freightHistory"] = [collection, *history[1:]]
        events = _verification_events(seen, collection, changed)
    _tell_verified(conditions, collection)
    return replace(work, before=writes, after=events)


def _with_verification(collection: JsonObject, changed: JsonObject) -> JsonObject:
    past = list(collection.get("verificationHistory") or ())
    same = bool(past) and past[0].get("id") == changed["id"]
    history = [changed, *(past[1:] if same else past)][: verification.HISTORY_LIMIT]
    return {**collection, "verificationHistory": history}


def _tell_verified(conditions: Conditions, collection: JsonObject) -> None:
    if verification.has_succeeded(collection):
        conditions.set("Verified", "True", "Verified", "Freight has been verified")
        return
    current = verification.current_of(collection)
    if current is None:
        return
    fallback = ("Unknown", "UnknownVerificationPhase", f"Unknown verification phase {current.get('phase')}")
    told, reason, message = verification.CONDITIONS.get(str(current.get("phase")), fallback)
    conditions.set("Verified", told, reason, current.get("message") or message)


def _verification_events(seen: Seen, collection: JsonObject, changed: JsonObject) -> tuple[Event, ...]:
    """A first success is told when the Freight is marked, all else at once."""
    phase = str(changed.get("phase"))
    if phase not in VERIFICATION_EVENTS:
        return ()
    pieces = [piece for name in freight_names(collection) if (piece := seen.piece(name)) is not None]
    if phase == "Successful":
        pieces = [piece for piece in pieces if _is_marked(seen, piece)]
    return tuple(_verification_event(seen, piece, changed) for piece in pieces)


def _is_marked(seen: Seen, piece: JsonObject) -> bool:
    return seen.key.name in ((piece.get("status") or {}).get("verifiedIn") or {})


def _verification_event(seen: Seen, piece: JsonObject, found: Mapping[str, Any]) -> Event:
    phase = str(found.get("phase"))
    told = {"Successful": "succeeded", "Error": "errored"}.get(phase, phase.lower())
    more = {"stage_name": seen.key.name, "verification_start_time": str(found.get("startTime") or "")}
    if found.get("finishTime"):
        more["verification_finish_time"] = str(found["finishTime"])
    if name := (found.get("analysisRun") or {}).get("name"):
        more["analysis_run_name"] = str(name)
    message = str(found.get("message") or f"Freight verification {told}")
    return freight_event(piece, VERIFICATION_EVENTS[phase], message, str(found.get("actor") or ACTOR), **more)


def mark_verified(seen: Seen, work: Work, now: datetime) -> Work:
    history = seen.status.get("freightHistory") or ()
    if not history or (seen.status.get("health") or {}).get("status") != "Healthy":
        return work
    current = verification.current_of(history[0]) or {}
    if current.get("phase") != "Successful":
        return work
    steps: list[Write | Event] = []
    for name in freight_names(history[0]):
        piece = seen.piece(name)
        if piece is None or _is_marked(seen, piece):
            continue
        verified = {seen.key.name: {"verifiedAt": current.get("finishTime") or timestamps.seconds(now)}}
        steps += [_of_freight(piece, {"verifiedIn": verified}), _verification_event(seen, piece, current)]
    return replace(work, before=tuple(steps))


# -- what comes next ---------------------------------------------------------------------------------------------------


def auto_promote(seen: Seen, work: Work, now: datetime) -> Work:
    status_ = work.status
    try:
        enabled = auto_promotion_enabled(seen.policies, seen.stage)
    except PolicyError as error:
        work.conditions.set("Reconciling", "True", "RetryAfterError", str(error))
        return work
    status_["autoPromotionEnabled"] = enabled or None
    kept = holding.of_requests(status_.get("autoPromotionHolds") or {}, seen.requests) if enabled else {}
    status_["autoPromotionHolds"] = kept or None
    processed = str((status_.get("lastPromotion") or {}).get("name") or "")
    in_force = (
        holding.of_requests(holding.effective(kept, seen.promotions, processed), seen.requests) if enabled else {}
    )
    status_["effectiveAutoPromotionHolds"] = in_force or None
    if not enabled:
        return work
    return _promoted(seen, work, in_force, now)


def _promoted(seen: Seen, work: Work, in_force: Mapping[str, Any], now: datetime) -> Work:
    chosen = candidates(seen.stage, eligible(seen.stage, seen.freight, now))
    steps: list[Write | Event] = []
    for origin, piece in chosen.items():
        if origin not in in_force and _is_due(seen, piece):
            write = _promotion(seen, piece, now)
            message = f'Automatically promoted Freight from origin "{origin}" for Stage "{seen.key.name}"'
            about = {**write.body, "metadata": {**write.body["metadata"], "creationTimestamp": timestamps.seconds(now)}}
            steps += [write, promotion_event(about, piece, "PromotionCreated", message, actor=ACTOR)]
    return replace(work, after=(), before=(*work.before, *steps), wake_at=_soak_ends(seen, now))


def _is_due(seen: Seen, piece: JsonObject) -> bool:
    """Not held already, not under way, and not tried in vain."""
    name = piece["metadata"]["name"]
    history = seen.status.get("freightHistory") or ()
    if history and name in freight_names(history[0]):
        return False
    own = [one for one in seen.promotions if one["spec"].get("freight") == name]
    if any(not is_terminal(one) for one in own):
        return False
    last = str((seen.status.get("lastPromotion") or {}).get("name") or "")
    if any(phase_of(one) == "Succeeded" and str(one["metadata"]["name"]) > last for one in own):
        return False
    newest = max(own, key=lambda one: str(one["metadata"]["name"]), default=None)
    return newest is None or phase_of(newest) == "Succeeded"


def _promotion(seen: Seen, piece: JsonObject, now: datetime) -> Write:
    """Admission builds the rest. The name is made of what is known, so that a repetition is the same one."""
    text = f"{seen.stage['metadata']['uid']}|{piece['metadata']['name']}|{timestamps.micros(now)}"
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    name = promotion_name(seen.key.name, piece["metadata"]["name"], ulid(now, bits))
    metadata = {
        "name": name,
        "namespace": seen.key.namespace,
    }
    spec = {"stage": seen.key.name, "freight": piece["metadata"]["name"], "steps": [{"uses": "fail", "as": "unbuilt"}]}
    body = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Promotion", "metadata": metadata, "spec": spec}
    return create(PROMOTIONS, body)


def _soak_ends(seen: Seen, now: datetime) -> datetime | None:
    times = [found.ripe_at for piece in seen.freight if (found := availability(seen.stage, piece, now)).ripe_at]
    return min((moment for moment in times if moment and moment > now), default=None)


PARTS: Final[tuple[Part, ...]] = (
    sync_promotions,
    sync_freight,
    assess_health,
    verify,
    mark_verified,
    auto_promote,
)


# -- control flow and deletion -----------------------------------------------------------------------------------------


def _control_flow(seen: Seen, now: datetime) -> Decision:
    """Every available piece is verified here at once."""
    steps: list[Write | Event] = []
    ripe: list[datetime] = []
    for piece in seen.freight:
        found = availability(seen.stage, piece, now)
        if found.ripe_at:
            ripe.append(found.ripe_at)
        if found and seen.key.name not in ((piece.get("status") or {}).get("verifiedIn") or {}):
            moment = timestamps.seconds(now)
            event = {"phase": "Successful", "startTime": moment, "finishTime": moment}
            verified = {"verifiedIn": {seen.key.name: {"verifiedAt": moment}}}
            steps += [_of_freight(piece, verified), _verification_event(seen, piece, event)]
    work = _fresh(seen, now)
    generation = int(seen.stage["metadata"].get("generation") or 0)
    work.conditions.remove("Promoting", "Healthy", "Verified", "Reconciling")
    work.conditions.set("Ready", "True", "Ready")
    wanted: JsonObject = {
        "freightSummary": "N/A",
        "observedGeneration": generation,
        "conditions": [
            {k: v for k, v in one.items() if k != "observedGeneration"} for one in work.conditions.ordered()
        ],
    }
    if token := seen.annotation(REFRESH):
        wanted["lastHandledRefresh"] = token
    if kept := seen.status.get("metadata"):
        wanted["metadata"] = kept
    future = [moment for moment in ripe if moment > now]
    return Decision((*steps, *status(STAGES, seen.stage, wanted)), wake_at=min(future, default=None))


def _deleted(seen: Seen) -> Decision:
    """What other objects say about it goes first, then the finalizer."""
    if FINALIZER not in (seen.stage["metadata"].get("finalizers") or ()):
        return NOTHING
    steps: list[Write] = []
    for piece in seen.freight:
        found = piece.get("status") or {}
        fields = [
            name for name in ("verifiedIn", "approvedFor", "currentlyIn") if seen.key.name in (found.get(name) or {})
        ]
        if fields:
            gone = {name: {seen.key.name: None} if len(found[name]) > 1 else None for name in fields}
            steps.append(_of_freight(piece, gone))
    steps += [
        delete(ANALYSIS_RUNS, run, exact=False) for run in seen.runs if not run["metadata"].get("deletionTimestamp")
    ]
    if steps:
        return Decision(tuple(steps))
    finalizers = [name for name in seen.stage["metadata"]["finalizers"] if name != FINALIZER]
    return Decision((merge(STAGES, seen.stage, {"metadata": {"finalizers": finalizers or None}}),))
