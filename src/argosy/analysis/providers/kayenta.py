"""Kayenta: starts a judgement, and polls it until it is complete. argo-rollouts: metricproviders/kayenta.

After a crash between starting it and recording it, another judgement is started: they have no side effects.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from argosy.analysis.phases import FAILED, INCONCLUSIVE, RUNNING, SUCCESSFUL
from argosy.analysis.ports import Answer, Judged
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject

SECONDS: Final = 15.0
RESUME_SECONDS: Final = 15.0


async def measure(caller: Caller, question: Asked) -> Answer:
    return await (_began(caller, question) if question.operation == "run" else _asked_again(caller, question))


async def _began(caller: Caller, question: Asked) -> Answer:
    spec = question.spec
    address = str(spec.get("address") or "").rstrip("/")
    config = await _config_id(caller, spec, address)
    query = urlencode(
        {
            "application": spec.get("application") or "",
            "metricsAccountName": spec.get("metricsAccountName") or "",
            "configurationAccountName": spec.get("configurationAccountName") or "",
            "storageAccountName": spec.get("storageAccountName") or "",
        }
    )
    threshold = spec.get("threshold") or {}
    body = {
        "scopes": {str(one.get("name")): _scope(one, question) for one in spec.get("scopes") or ()},
        "thresholds": {"pass": threshold.get("pass") or 0, "marginal": threshold.get("marginal") or 0},
    }
    answer = await caller.send(
        "POST",
        f"{address}/canary/{quote(config, safe='')}?{query}",
        headers={"Content-Type": "application/json"},
        body=orjson.dumps(body),
        seconds=SECONDS,
    )
    if answer.status != 200:
        raise CannotMeasure("Invalid Response")
    found = decoded(answer, "Invalid Response")
    identity = str(found.get("canaryExecutionId") or "") if isinstance(found, dict) else ""
    if not identity:
        raise CannotMeasure("Invalid canaryExecutionId")
    return Judged(phase=RUNNING, metadata={"canaryExecutionId": identity}, resume_after=RESUME_SECONDS)


async def _config_id(caller: Caller, spec: JsonObject, address: str) -> str:
    query = urlencode(
        {
            "application": spec.get("application") or "",
            "configurationAccountName": spec.get("storageAccountName") or "",  # as upstream
        }
    )
    answer = await caller.send("GET", f"{address}/canaryConfig?{query}", seconds=SECONDS)
    if answer.status != 200:
        raise CannotMeasure(f"Invalid Response: HTTP {answer.status}")
    for one in decoded(answer, "Invalid Response"):
        if isinstance(one, dict) and one.get("name") == spec.get("canaryConfigName"):
            return str(one.get("id"))
    raise CannotMeasure("Canary config not found")


def _scope(given: JsonObject, question: Asked) -> JsonObject:
    control, experiment = dict(given.get("controlScope") or {}), dict(given.get("experimentScope") or {})
    for field in ("start", "end"):
        if bool(control.get(field)) != bool(experiment.get(field)):
            raise CannotMeasure(f"controlScope.{field} and experimentScope.{field} must both be set or be empty")
    if not control.get("start"):
        control["start"] = experiment["start"] = _start(question)
    if not control.get("end"):
        control["end"] = experiment["end"] = timestamps.seconds(question.now)
    return {"controlScope": _detail(control), "experimentScope": _detail(experiment)}


def _start(question: Asked) -> str:
    if question.spec.get("lookback"):
        return str(question.run.get("startedAt") or timestamps.seconds(question.now))
    return timestamps.seconds(question.now - (question.metric.interval or timedelta()))


def _detail(scope: JsonObject) -> JsonObject:
    return {
        "scope": scope.get("scope") or "",
        "location": scope.get("region") or "",
        "step": scope.get("step") or 0,
        "start": scope["start"],
        "end": scope["end"],
    }


async def _asked_again(caller: Caller, question: Asked) -> Answer:
    address = str(question.spec.get("address") or "").rstrip("/")
    identity = str(((question.run.get("measurement") or {}).get("metadata") or {}).get("canaryExecutionId") or "")
    answer = await caller.send("GET", f"{address}/canary/{quote(identity, safe='')}", seconds=SECONDS)
    if answer.status != 200:
        raise CannotMeasure("Invalid Response")
    return read(decoded(answer, "Invalid Response"), question.spec.get("threshold") or {})


def read(body: Any, threshold: JsonObject) -> Judged:
    complete = body.get("complete") if isinstance(body, dict) else None
    if not isinstance(complete, bool):
        raise CannotMeasure("Missing Complete Status")
    if not complete:
        return Judged(phase=RUNNING, resume_after=RESUME_SECONDS)
    place: Any = body
    for name in ("result", "judgeResult", "score", "score"):
        place = place.get(name) if isinstance(place, dict) else None
    if not isinstance(place, float):
        raise CannotMeasure("Missing Score")
    score = int(place)
    if score >= int(threshold.get("pass") or 0):
        phase = SUCCESSFUL
    else:
        phase = INCONCLUSIVE if score >= int(threshold.get("marginal") or 0) else FAILED
    return Judged(phase=phase, text=str(score))
