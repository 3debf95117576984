"""Verifies what a Stage holds: by an AnalysisRun, or at once where none is asked for.

Source: spec/kargo.md 5.2 and 5.3. AnalysisRuns are created and read; the analysis room carries them out. One that is
there already for the same collection is taken, so that a crash makes no second one.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

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
"""How much later than it was made an AnalysisRun may come to our view."""
ABORTED: Final = "Verification aborted by user"
INSTANCE: Final = "argo-rollouts.argoproj.io/controller-instance-id"
NAME_LIMIT: Final = 253

CONDITIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "Pending": ("Unknown", "VerificationPending", "Freight is pending verification"),
    "Running": ("Unknown", "VerificationRunning", "Freight is currently being verified"),
    "Failed": ("False", "VerificationFailed", "Freight has failed verification"),
    "Error": ("False", "VerificationError", "Freight verification encountered an error"),
    "Aborted": ("False", "VerificationAborted", "Freight verification was aborted"),
    "Inconclusive": ("Unknown", "VerificationInconclusive", "Freight verification was inconclusive"),
}


def is_terminal(verification: Mapping[str, Any] | None) -> bool:
    return bool(verification) and (verification or {}).get("phase") in TERMINAL


def current_of(collection: Mapping[str, Any]) -> JsonObject | None:
    history = collection.get("verificationHistory") or ()
    return history[0] if history else None


def has_succeeded(collection: Mapping[str, Any]) -> bool:
    return any(one.get("phase") == "Successful" for one in collection.get("verificationHistory") or ())


def requested(seen: Seen, current: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    """The request to verify again, or to abort, that is about the current verification; None for none."""
    value = seen.annotation(name)
    if not value or not current:
        return None
    request = read_request(value, "id")
    return request if request.get("id") == current.get("id") else None


def next_verification(seen: Seen, collection: JsonObject, now: datetime) -> tuple[JsonObject | None, tuple[Write, ...]]:
    """What the newest entry of the history becomes; None: nothing new. And what is to be written for it."""
    current = current_of(collection)
    request = requested(seen, current, REVERIFY)
    if request is not None and is_terminal(current):
        return _begun(seen, collection, now, request)
    if current is None:
        return _begun(seen, collection, now, None)
    if is_terminal(current):
        return None, ()
    request = requested(seen, current, ABORT)
    if request is not None:
        return _stopped(seen, current, str(request.get("actor") or ""), now)
    return _followed(seen, current, now), ()


def _identity(seen: Seen, collection: Mapping[str, Any], since: str) -> bytes:
    """Made of what it verifies and what it follows, so that a repetition after a crash is the same one."""
    last = (seen.status.get("lastPromotion") or {}).get("name") or ""
    text = f"{seen.stage['metadata']['uid']}|{collection['id']}|{last}|{since}"
    return hashlib.sha256(text.encode()).digest()


def _begun(
    seen: Seen, collection: JsonObject, now: datetime, again: Mapping[str, Any] | None
) -> tuple[JsonObject, tuple[Write, ...]]:
    digest = _identity(seen, collection, str((current_of(collection) or {}).get("id") or ""))
    fresh: JsonObject = {"id": str(uuid.UUID(bytes=digest[:16], version=4)), "startTime": timestamps.seconds(now)}
    if again and again.get("actor"):
        fresh["actor"] = str(again["actor"])
    if not seen.stage["spec"].get("verification"):
        return {**fresh, "phase": "Successful", "finishTime": timestamps.seconds(now)}, ()
    if not seen.settings.rollouts_enabled:
        message = "Rollouts integration is disabled on this controller; cannot start verification"
        return {**fresh, "phase": "Error", "message": message, "finishTime": timestamps.seconds(now)}, ()
    name = _run_name(seen, collection, digest, now)
    if (existing := next((run for run in seen.runs if run["metadata"]["name"] == name), None)) is not None:
        return {**fresh, "phase": "Pending", "finishTime": timestamps.seconds(now), "analysisRun": _shown(existing)}, ()
    try:
        run = _run(seen, collection, name, again)
    except (AnalysisError, ExpressionFault) as error:
        where = (
            f'error building AnalysisRun for Stage "{seen.key.name}" and Freight collection "{collection["id"]}" '
            f'in namespace "{seen.key.namespace}": {error}'
        )
        return {**fresh, "phase": "Error", "message": where, "finishTime": timestamps.seconds(now)}, ()
    shown = {"name": run["metadata"]["name"], "namespace": seen.key.namespace, "phase": ""}
    started = {**fresh, "phase": "Pending", "finishTime": timestamps.seconds(now), "analysisRun": shown}
    return started, (create(ANALYSIS_RUNS, run),)


def _run_name(seen: Seen, collection: Mapping[str, Any], digest: bytes, now: datetime) -> str:
    """The same one after a crash: its moment is the end of what it follows, a verification or a Promotion."""
    before = (current_of(collection) or {}).get("finishTime")
    before = before or (seen.status.get("lastPromotion") or {}).get("finishedAt")
    moment = timestamps.parse(before) if before else now
    return run_name(seen.key.name, ulid(moment, int.from_bytes(digest[16:26], "big")), str(collection["id"]))


def _shown(run: JsonObject) -> JsonObject:
    phase = (run.get("status") or {}).get("phase") or ""
    return {"name": run["metadata"]["name"], "namespace": run["metadata"]["namespace"], "phase": phase}


def _followed(seen: Seen, current: JsonObject, now: datetime) -> JsonObject | None:
    wanted = current.get("analysisRun") or {}
    run = next((one for one in seen.runs if one["metadata"]["name"] == wanted.get("name")), None)
    if run is None and (known_at := run_known_at(seen, current)) and now < known_at:
        return None
    if run is None:
        message = f'AnalysisRun "{wanted.get("name")}" was not found'
        return {**current, "phase": "Error", "message": message, "finishTime": timestamps.seconds(now)}
    status = run.get("status") or {}
    phase = status.get("phase") or ""
    found: JsonObject = {**current, "phase": phase or "Pending", "analysisRun": {**wanted, "phase": phase}}
    if phase:
        found.pop("finishTime", None)
    if status.get("message"):
        found["message"] = status["message"]
    if phase in TERMINAL:
        found["finishTime"] = _completed(status) or timestamps.seconds(now)
    return found if found != current else None


def run_known_at(seen: Seen, current: Mapping[str, Any]) -> datetime | None:
    """When a run that is not to be seen is taken for gone; None while it is there."""
    wanted = (current.get("analysisRun") or {}).get("name")
    if any(one["metadata"]["name"] == wanted for one in seen.runs) or not current.get("startTime"):
        return None
    return timestamps.parse(current["startTime"]) + LATE


def _completed(status: Mapping[str, Any]) -> str:
    """When the last measurement of any metric ended."""
    times = [
        str(one.get("finishedAt") or "")
        for metric in status.get("metricResults") or ()
        for one in metric.get("measurements") or ()
    ]
    return str(status.get("completedAt") or max(times, default=""))


def _stopped(seen: Seen, current: JsonObject, actor: str, now: datetime) -> tuple[JsonObject, tuple[Write, ...]]:
    """Recorded as Failed, as upstream has it."""
    wanted = (current.get("analysisRun") or {}).get("name")
    run = next((one for one in seen.runs if one["metadata"]["name"] == wanted), None)
    writes = (merge(ANALYSIS_RUNS, run, {"spec": {"terminate": True}}, exact=False),) if run is not None else ()
    ended = {**current, "phase": "Failed", "message": ABORTED, "finishTime": timestamps.seconds(now)}
    return {**ended, **({"actor": actor} if actor else {})}, writes


# -- the AnalysisRun ---------------------------------------------------------------------------------------------------


def _run(seen: Seen, collection: JsonObject, name: str, again: Mapping[str, Any] | None) -> JsonObject:
    wanted = seen.stage["spec"]["verification"]
    extra = wanted.get("analysisRunMetadata") or {}
    labels = {
        **(extra.get("labels") or {}),
        STAGE: label_value(seen.key.name),
        FREIGHT_COLLECTION: label_value(str(collection["id"])),
    }
    if seen.settings.rollouts_instance_id:
        labels[INSTANCE] = seen.settings.rollouts_instance_id
    annotations = dict(extra.get("annotations") or {})
    promotion = (seen.status.get("lastPromotion") or {}).get("name")
    # A request that came through the API server is a person's, and about that Promotion, too.
    if promotion and (not again or (again.get("controlPlane") and again.get("actor"))):
        annotations[PROMOTION] = promotion
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
        spec = run_spec(templates, _arguments(seen, wanted.get("args") or ()))
    except (AnalysisError, ExpressionFault) as error:
        raise AnalysisError(f"build spec: {error}") from None
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": metadata, "spec": spec}


def run_name(stage: str, ulid_text: str, collection: str) -> str:
    room = NAME_LIMIT - len(ulid_text) - 9
    return f"{label_value(stage, room)}.{ulid_text}.{collection[:7]}".lower()


def _owners(seen: Seen, collection: Mapping[str, Any]) -> Sequence[JsonObject]:
    found = []
    for item in (collection.get("items") or {}).values():
        piece = seen.piece(item["name"])
        if piece is not None:
            owner = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Freight", "name": item["name"]}
            found.append({**owner, "uid": piece["metadata"]["uid"], "blockOwnerDeletion": False})
    return found


def _templates(seen: Seen, wanted: Mapping[str, Any]) -> list[JsonObject]:
    """Those of the namespace first, then those of the cluster."""
    found = []
    names = [(one.get("kind") or "AnalysisTemplate", one["name"]) for one in wanted.get("analysisTemplates") or ()]
    for kind, name in sorted(names, key=lambda one: one[0] != "AnalysisTemplate"):
        template_ = seen.templates.get((kind, name))
        if template_ is None:
            where = f' in namespace "{seen.key.namespace}"' if kind == "AnalysisTemplate" else ""
            raise AnalysisError(
                f'get analysis templates: get AnalysisRun "{name}"{where}: {kind}.argoproj.io "{name}" not found'
            )
        found.append(template_["spec"])
    return found


def _arguments(seen: Seen, wanted: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Each an expression that must give a text. Raises AnalysisError or ExpressionFault."""
    names: dict[str, Any] = {"ctx": {"project": seen.key.namespace, "stage": seen.key.name}, "vars": {}}
    for one in seen.stage["spec"].get("vars") or ():
        names["vars"] = {**names["vars"], one["name"]: template(one.get("value") or "", names)}
    if seen.view is not None:
        names.update(functions(seen.view))
    found = []
    for one in wanted:
        value = template(one.get("value") or "", names)
        if not isinstance(value, str):
            raise AnalysisError(f'build arguments: argument "{one["name"]}" must evaluate to a string: use quote()')
        found.append({"name": one["name"], "value": value})
    return found
