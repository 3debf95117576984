"""Derives the timeline: from each change of an object, the line that a person would want to read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.server.api import object_states
from argosy.server.api.applications.why import why

SHORT: Final = 8
Line = tuple[str, str]
"""Severity and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`kind` is "" for a person's act. `cluster` is "" for the control plane's own."""

    at: datetime
    kind: str
    namespace: str
    name: str
    text: str
    severity: str = "ok"
    cluster: str = ""


def lines(kind: str, old: JsonObject | None, new: JsonObject | None) -> list[Line]:
    """Describes one change. `old` is None for a creation, `new` for a deletion."""
    describe = LINES.get(kind)
    if describe is None:
        return []
    if new is None:
        return [("ok", "deleted")]
    return list(describe(old or {}, new))


def _at(obj: Mapping[str, Any], *path: str) -> Any:
    found: Any = obj
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _application(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    phase, before = _at(new, "status", "operationState", "phase"), _at(old, "status", "operationState", "phase")
    began = _at(new, "status", "operationState", "startedAt") != _at(old, "status", "operationState", "startedAt")
    if phase and (phase != before or began):
        yield _operation(new, str(phase))
    health, was = _at(new, "status", "health", "status"), _at(old, "status", "health", "status")
    if health and health != was:
        found = why(new)
        message = f": {found['message']}" if found["reason"] == health else ""
        yield {"Degraded": "broken", "Healthy": "ok"}.get(str(health), "busy"), f"is {health}{message}"
    sync, synced = _at(new, "status", "sync", "status"), _at(old, "status", "sync", "status")
    if sync and sync != synced:
        yield "ok" if sync == "Synced" else "busy", f"is {sync}{_revision(_at(new, 'status', 'sync'))}"
    errors = {(one["type"], one.get("message")) for one in _conditions(old)}
    for one in _conditions(new):
        if str(one["type"]).endswith("Error") and (one["type"], one.get("message")) not in errors:
            yield "broken", f"{one['type']}: {one.get('message')}"


def _operation(app: JsonObject, phase: str) -> Line:
    state = app["status"]["operationState"]
    result = state.get("syncResult") or (state.get("operation") or {}).get("sync") or {}
    if phase == "Running":
        return "busy", f"syncing{_revision(result)}"
    if phase == "Succeeded":
        return "ok", f"synced{_revision(result)}"
    return "broken", f"sync {phase.lower()}: {state.get('message') or ''}"


def _revision(result: Any) -> str:
    found = result if isinstance(result, Mapping) else {}
    revisions = found.get("revisions") or ([found["revision"]] if found.get("revision") else [])
    shown = ", ".join(str(one)[:SHORT] for one in revisions if one)
    return f" at {shown}" if shown else ""


def _freight(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    if not old:
        yield "ok", f"discovered: {object_states.freight(new).facts['content']}"
    for key, verb in (("verifiedIn", "is verified in"), ("approvedFor", "is approved for")):
        for name in sorted(set(_at(new, "status", key) or ()) - set(_at(old, "status", key) or ())):
            yield "ok", f"{verb} {name}"


def _stage(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    health, was = _at(new, "status", "health", "status"), _at(old, "status", "health", "status")
    if health and health != was and health != "Unknown":
        yield {"Healthy": "ok", "Unhealthy": "broken"}.get(str(health), "busy"), f"is {health}"
    phase, before = _verification(new), _verification(old)
    if phase and phase != before:
        severity = {"Successful": "ok", "Running": "busy", "Pending": "busy"}.get(phase, "broken")
        yield severity, f"verification {phase.lower()}"


def _verification(stage: JsonObject) -> str:
    history = (_at(stage, "status", "freightHistory") or [{}])[0]
    return str((history.get("verificationHistory") or [{}])[0].get("phase") or "")


def _promotion(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    phase, before = _at(new, "status", "phase"), _at(old, "status", "phase")
    if not old:
        yield "busy", f"created for Freight {str(new['spec'].get('freight') or '')[:SHORT]}"
    if phase and phase not in (before, "Pending"):
        message = f": {_at(new, 'status', 'message')}" if _at(new, "status", "message") else ""
        yield object_states.promotion(new).severity, f"{str(phase).lower()}{message}"
    known = len(_at(old, "status", "stepExecutionMetadata") or ())
    for one in (_at(new, "status", "stepExecutionMetadata") or ())[max(0, known - 1) :]:
        ended = one.get("finishedAt") and not any(
            done.get("alias") == one.get("alias") and done.get("finishedAt")
            for done in _at(old, "status", "stepExecutionMetadata") or ()
        )
        if ended:
            message = f": {one['message']}" if one.get("message") else ""
            severity = "ok" if one.get("status") in ("Succeeded", "Skipped") else "broken"
            yield severity, f"step {_step(new, str(one.get('alias')))} {str(one.get('status')).lower()}{message}"


def _step(promotion: JsonObject, alias: str) -> str:
    """Adds what a step does if its name is only a number."""
    uses = [str(one["uses"]) for one in promotion["spec"].get("steps") or () if one.get("as") == alias]
    return f"{alias} ({uses[0]})" if uses else alias


def _rollout(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    state, before = object_states.rollout(new), object_states.rollout(old) if old else None
    weight = state.facts.get("weight", "")
    if weight and weight != (before.facts.get("weight") if before else ""):
        yield "busy", f"sends {weight} to the canary"
    step = state.facts.get("step", "")
    if before is not None and step and step != before.facts.get("step") and state.state != "Healthy":
        yield "busy", f"is at step {step}"
    if before is None or state.state != before.state:
        message = f": {state.message}" if state.message else ""
        yield state.severity, f"is {state.state}{message}"


def _analysis(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    state, before = object_states.analysis_run(new), object_states.analysis_run(old) if old else None
    if before is None or state.state != before.state:
        message = f": {state.message}" if state.message else ""
        yield (
            state.severity,
            f"{state.state.lower()}{message}" if before is not None else f"created for {state.facts['owner']}",
        )


def _certificate(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    yield from _changed(object_states.certificate, old, new)


def _sealed_secret(old: JsonObject, new: JsonObject) -> Iterator[Line]:
    yield from _changed(object_states.sealed_secret, old, new)


def _changed(state_of: Callable[[JsonObject], object_states.State], old: JsonObject, new: JsonObject) -> Iterator[Line]:
    state = state_of(new)
    if not old or state_of(old).state != state.state:
        yield state.severity, f"is {state.state}{': ' + state.message if state.message else ''}"


def _conditions(app: JsonObject) -> list[JsonObject]:
    return list(_at(app, "status", "conditions") or ())


LINES: Final[Mapping[str, Callable[[JsonObject, JsonObject], Iterator[Line]]]] = {
    "Application": _application, "Freight": _freight, "Stage": _stage, "Promotion": _promotion, "Rollout": _rollout,
    "AnalysisRun": _analysis, "Certificate": _certificate, "SealedSecret": _sealed_secret,
}  # fmt: skip
PLURALS: Final = {
    "applications": "Application", "freights": "Freight", "stages": "Stage", "promotions": "Promotion",
    "rollouts": "Rollout", "analysisruns": "AnalysisRun", "certificates": "Certificate",
    "sealedsecrets": "SealedSecret",
}  # fmt: skip
