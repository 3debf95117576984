"""A metric plug-in: a user's service over HTTP, by the contract of docs/analysis.md.

Upstream's plug-ins are Go programs with a protocol that only Go has; ours answer one POST with a measurement.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from argosy.analysis.phases import COMPLETED, RUNNING
from argosy.analysis.ports import Answer, Judged
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded, is_good

SECONDS: Final = 30.0
LEAST_RESUME: Final = 1.0
_PHASES: Final = COMPLETED | {RUNNING}


async def measure(caller: Caller, question: Asked) -> Answer:
    name = next(iter(question.spec), "")
    url = (question.credentials or {}).get(name)
    if url is None:
        raise CannotMeasure(f"failed to create plugin: plugin {name} not configured in configmap")
    body = {
        "operation": question.operation,
        "run": {key: question.run[key] for key in ("name", "namespace", "uid", "startedAt")},
        "metric": question.metric.raw,
        "config": question.spec[name],
        "measurement": question.run.get("measurement"),
    }
    headers = {"Content-Type": "application/json"}
    answer = await caller.send("POST", url, headers=headers, body=orjson.dumps(body), seconds=SECONDS)
    if not is_good(answer):
        raise CannotMeasure(f"plugin {name}: answered {answer.status}")
    return read(decoded(answer, f"plugin {name}"), name)


def read(body: Any, name: str) -> Judged:
    phase = body.get("phase") if isinstance(body, dict) else None
    if phase not in _PHASES:
        raise CannotMeasure(f"plugin {name}: phase {phase!r} is none of {', '.join(sorted(_PHASES))}")
    metadata = body.get("metadata") or {}
    after = body.get("resumeAfterSeconds")
    return Judged(
        phase=phase,
        text=str(body.get("value") or ""),
        message=str(body.get("message") or ""),
        metadata={str(key): str(text) for key, text in metadata.items()} if isinstance(metadata, dict) else {},
        resume_after=max(LEAST_RESUME, float(after)) if isinstance(after, int | float) else None,
    )
