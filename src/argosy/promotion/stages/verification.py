"""Verifies what a Stage holds: with an AnalysisRun, or at once if none is configured.

Source: spec/kargo.md 5.2 and 5.3. AnalysisRuns are created and read here; the analysis room runs them. An existing one
for the same collection is adopted, so that a crash creates no second one.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.apis.kargo.artifacts import AnalysisRunReference, FreightCollection, Verification
from argosy.apis.kargo.stage import VerificationSpec
from argosy.apis.kargo.steps import Variable
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, create, merge
from argosy.promotion.admission.stages import read_request
from argosy.promotion.expressions import ExpressionFault, template
from argosy.promotion.kinds import ANALYSIS_RUNS
from argosy.promotion.names import ABORT, FREIGHT_COLLECTION, PROMOTION, REVERIFY, STAGE, label_value
from argosy.promotion.promotions.functions import functions
from argosy.promotion.promotions.naming import ulid
from argosy.promotion.stages.analysis import AnalysisError, run_spec
from argosy.promotion.stages.seen import Seen

TERMINAL: Final = frozenset({"Successful", "Failed", "Error", "Aborted", "Inconclusive"})
HISTORY_LIMIT: Final = 10
LATE: Final = timedelta(seconds=15)
"""How much later than its creation an AnalysisRun may appear in our cache."""
ABORTED: Final = "Verification aborted by user"
INSTANCE: Final = "argo-rollouts.argoproj.io/controller-instance-id"
NAME_LIMIT: Final = 253
GO_TYPES: Final[Mapping[type, str]] = {
    int: "float64",
    float: "float64",
    bool: "bool",
    list: "[]interface {}",
    type(None): "<nil>",
}

CONDITIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "Pending": ("Unknown", "VerificationPending", "Freight is pending verification"),
    "Running": ("Unknown", "VerificationRunning", "Freight is currently being verified"),
    "Failed": ("False", "VerificationFailed", "Freight has failed verification"),
    "Error": ("False", "VerificationError", "Freight verification encountered an error"),
    "Aborted": ("False", "VerificationAborted", "Freight verification was aborted"),
    "Inconclusive": ("Unknown", "VerificationInconclusive", "Freight verification was inconclusive"),
}


def is_terminal(verification: Verification | None) -> bool:
    return verification is not None and verification.phase in TERMINAL


def has_succeeded(collection: FreightCollection) -> bool:
    return any(one.phase == "Successful" for one in collection.verification_history)


def requested(seen: Seen, current: Verification | None, name: str) -> Mapping[str, Any] | None:
    """The request to verify again, or to abort, if it is about the current verification; else None."""
    value = seen.annotation(name)
    if not value or not current:
        return None
    request = read_request(value, "id")
    return request if request.get("id") == current.id else None


def next_verification(
    seen: Seen, collection: FreightCollection, now: datetime
) -> tuple[Verification | None, tuple[Write, ...]]:
    """The new state of the newest history entry (None if unchanged), and its writes."""
    current = collection.verification
    request = requested(seen, current, REVERIFY)
    if request is not None and is_terminal(current):
        return _started(seen, collection, now, request)
    if current is None:
        return _started(seen, collection, now, None)
    if is_terminal(current):
        return None, ()
    request = requested(seen, current, ABORT)
    if request is not None:
        return _stopped(seen, current, str(request.get("actor") or ""), now)
    return _followed(seen, current, now), ()


def _identity(seen: Seen, collection: FreightCollection) -> bytes:
    """Derived from what it verifies and what it follows, so that a repetition after a crash has the same id."""
    since = collection.verification.id if collection.verification else ""
    text = f"{seen.stage.metadata.uid}|{collection.id}|{seen.status.last_name}|{since}"
    return hashlib.sha256(text.encode()).digest()


def _changed(before: Verification | JsonObject, **more: Any) -> Verification:
    kept = before.raw if isinstance(before, Verification) else before
    return read(Verification, {**kept, **more})


def _started(
    seen: Seen, collection: FreightCollection, now: datetime, again: Mapping[str, Any] | None
) -> tuple[Verification, tuple[Write, ...]]:
    digest = _identity(seen, collection)
    moment = timestamps.seconds(now)
    fresh: JsonObject = {"id": str(uuid.UUID(bytes=digest[:16], version=4)), "startTime": moment, "finishTime": moment}
    if (wanted := seen.stage.spec.verification) is None:
        return _changed(fresh, phase="Successful"), ()
    if again and again.get("actor"):
        fresh["actor"] = str(again["actor"])
    if not seen.settings.rollouts_enabled:
        message = "Rollouts integration is disabled on this controller: cannot start verification"
        return _changed(fresh, phase="Error", message=message), ()
    name = _run_name(seen, collection, digest, now)
    if (existing := seen.run(name) or _earlier_run(seen, collection)) is not None:
        return _changed(fresh, phase=existing.outcome.phase or "Pending", analysisRun=_shown(existing)), ()
    if seen.refused_run[0] == name:
        message = f'error creating AnalysisRun "{name}" in namespace "{seen.key.namespace}": {seen.refused_run[1]}'
        return _changed(fresh, phase="Error", message=message), ()
    try:
        run = _run(seen, wanted, collection, name, again)
    except (AnalysisError, ExpressionFault) as error:
        where = (
            f'error building AnalysisRun for Stage "{seen.key.name}" and Freight collection "{collection.id}" '
            f'in namespace "{seen.key.namespace}": {error}'
        )
        return _changed(fresh, phase="Error", message=where), ()
    shown = {"name": name, "namespace": seen.key.namespace, "phase": ""}
    return _changed(fresh, phase="Pending", analysisRun=shown), (create(ANALYSIS_RUNS, run),)


def _earlier_run(seen: Seen, collection: FreightCollection) -> AnalysisRun | None:
    """The newest of the collection, unless somebody ever asked for another one: its result counts again."""
    if seen.annotation(REVERIFY):
        return None
    wanted = label_value(collection.id)
    found = [
        one
        for one in seen.runs
        if one.metadata.labels.get(FREIGHT_COLLECTION) == wanted and not one.metadata.deletion_timestamp
    ]
    return max(found, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name), default=None)


def _run_name(seen: Seen, collection: FreightCollection, digest: bytes, now: datetime) -> str:
    """Stable across a crash: its time is the end of what it follows, a verification or a Promotion."""
    before, last = collection.verification, seen.status.last_promotion
    ended = (before.finish_time if before else "") or (last.finished_at if last else "")
    moment = timestamps.parse(ended) if ended else now
    return run_name(seen.key.name, ulid(moment, int.from_bytes(digest[16:26], "big")), collection.id)


def _shown(run: AnalysisRun) -> JsonObject:
    return {"name": run.metadata.name, "namespace": run.metadata.namespace, "phase": run.outcome.phase}


def _followed(seen: Seen, current: Verification, now: datetime) -> Verification | None:
    wanted = current.analysis_run or AnalysisRunReference()
    run = seen.run(wanted.name)
    if run is None and (known_at := run_known_at(seen, current)) and now < known_at:
        return None
    if run is None:
        message = f'AnalysisRun "{wanted.name}" was not found'
        return _changed(current, phase="Error", message=message, finishTime=timestamps.seconds(now))
    outcome = run.outcome
    phase = outcome.phase
    found: JsonObject = {**current.raw, "phase": phase or "Pending", "analysisRun": {**wanted.raw, "phase": phase}}
    if phase:
        found.pop("finishTime", None)
    if outcome.message:
        found["message"] = outcome.message
    if phase in TERMINAL and (ended := outcome.ended_at or (timestamps.seconds(now) if phase == "Successful" else "")):
        found["finishTime"] = ended  # a run that was refused as invalid has none
    return read(Verification, found) if found != current.raw else None


def run_known_at(seen: Seen, current: Verification) -> datetime | None:
    """When a run that is missing counts as deleted; None while it exists."""
    wanted = current.analysis_run.name if current.analysis_run else ""
    if seen.run(wanted) is not None or not current.start_time:
        return None
    return timestamps.parse(current.start_time) + LATE


def _stopped(seen: Seen, current: Verification, actor: str, now: datetime) -> tuple[Verification, tuple[Write, ...]]:
    """Recorded as Failed, as upstream has it."""
    run = seen.run(current.analysis_run.name) if current.analysis_run else None
    writes = (merge(ANALYSIS_RUNS, run.raw, {"spec": {"terminate": True}}, exact=False),) if run is not None else ()
    ended = {"phase": "Failed", "message": ABORTED, "finishTime": timestamps.seconds(now)}
    return _changed(current, **ended, **({"actor": actor} if actor else {})), writes


# -- the AnalysisRun ---------------------------------------------------------------------------------------------------


def _run(
    seen: Seen, wanted: VerificationSpec, collection: FreightCollection, name: str, again: Mapping[str, Any] | None
) -> JsonObject:
    labels = {
        **wanted.analysis_run_metadata.labels,
        STAGE: label_value(seen.key.name),
        FREIGHT_COLLECTION: label_value(collection.id),
    }
    if seen.settings.rollouts_instance_id:
        labels[INSTANCE] = seen.settings.rollouts_instance_id
    annotations = dict(wanted.analysis_run_metadata.annotations)
    promotion = seen.status.last_name
    # A request through the API server is a user's, and about that Promotion, too.
    if promotion and (not again or (again.get("controlPlane") and again.get("actor"))):
        annotations[PROMOTION] = promotion
    if label_value(seen.key.name) != seen.key.name:
        annotations[STAGE] = seen.key.name
    metadata: JsonObject = {
        "name": name,
        "namespace": seen.key.namespace,
        "labels": labels,
        "ownerReferences": list(_owners(seen, collection)),
    }
    if annotations:
        metadata["annotations"] = annotations
    templates = _templates(seen, wanted)
    try:
        spec = run_spec(templates, _arguments(seen, wanted.args))
    except (AnalysisError, ExpressionFault) as error:
        raise AnalysisError(f"build spec: {error}") from None
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": metadata, "spec": spec}


def run_name(stage: str, ulid_text: str, collection: str) -> str:
    room = NAME_LIMIT - len(ulid_text) - 9
    return f"{label_value(stage, room)}.{ulid_text}.{collection[:7]}".lower()


def _owners(seen: Seen, collection: FreightCollection) -> Sequence[JsonObject]:
    found = []
    for item in collection.items.values():
        piece = seen.piece(item.name)
        if piece is not None:
            owner = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Freight", "name": item.name}
            found.append({**owner, "uid": piece.metadata.uid, "blockOwnerDeletion": False})
    return found


def _templates(seen: Seen, wanted: VerificationSpec) -> list[JsonObject]:
    """Templates of the namespace first, then those of the cluster."""
    found = []
    names = [(one.full_kind, one.name) for one in wanted.analysis_templates]
    for kind, name in sorted(names, key=lambda one: one[0] != "AnalysisTemplate"):
        template_ = seen.templates.get((kind, name))
        if template_ is None:
            where = f' in namespace "{seen.key.namespace}"' if kind == "AnalysisTemplate" else ""
            sought = "AnalysisRun" if kind == "AnalysisTemplate" else "ClusterAnalysisRun"  # Kargo's own words
            raise AnalysisError(
                f'get analysis templates: get {sought} "{name}"{where}: {kind}.argoproj.io "{name}" not found'
            )
        found.append(template_["spec"])
    return found


def _arguments(seen: Seen, wanted: Sequence[Variable]) -> list[dict[str, str]]:
    """Each is an expression that must give a text; without one the template's value counts. Raises AnalysisError."""
    names: dict[str, Any] = {"ctx": {"project": seen.key.namespace, "stage": seen.key.name}}
    if seen.view is not None:
        names.update(functions(seen.view))
    variables: dict[str, Any] = {}
    for one in seen.stage.spec.vars:
        names["vars"] = variables
        variables[one.name] = _evaluated(f'evaluate variable "{one.name}"', one.value, names)
    return [_argument(one, names) for one in wanted]


def _argument(wanted: Variable, names: Mapping[str, Any]) -> dict[str, str]:
    if not wanted.value:
        return {"name": wanted.name}
    value = _evaluated(f'evaluate argument "{wanted.name}"', wanted.value, names)
    if isinstance(value, str):
        return {"name": wanted.name, "value": value}
    kind = GO_TYPES.get(type(value), "map[string]interface {}")
    raise AnalysisError(f'build arguments: evaluated argument "{wanted.name}" value is not a string but {kind}')


def _evaluated(doing: str, text: str, names: Mapping[str, Any]) -> Any:
    try:
        return template(text, names)
    except ExpressionFault as fault:
        raise AnalysisError(f"build arguments: {doing}: {fault}") from None
