"""Step plug-ins as users' services over HTTP, by the contract of docs/rollouts.md.

Upstream's plug-ins are Go programs with a protocol that only Go has; ours answer one POST for each operation. They are
listed in the ConfigMap `argo-rollouts-config`, under `stepPluginServices`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from argosy.apis.kubernetes.views.core import ConfigMap
from argosy.machinery.controller import Question, Snapshot
from argosy.machinery.duration import DurationError
from argosy.machinery.duration import parse as parse_duration
from argosy.machinery.objects import Key
from argosy.machinery.text import yaml
from argosy.rollouts.ports import RunStep, StepAnswer
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials, SourceError

CONFIG: Final = "argo-rollouts-config"
SERVICES: Final = "stepPluginServices"
SECONDS: Final = 30.0
ANSWER_LIMIT: Final = 1024 * 1024
PHASES: Final = ("Running", "Successful", "Failed", "Error")


@dataclass(frozen=True, slots=True)
class StepService:
    url: str
    disabled: bool = False


def step_services(snapshot: Snapshot, namespace: str) -> Mapping[str, StepService]:
    """By name; an invalid entry is left out."""
    found = snapshot.get(ConfigMap, Key(namespace, CONFIG))
    try:
        listed = yaml.load((found.data if found is not None else {}).get(SERVICES, ""))
    except yaml.YamlError:
        return {}
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {
        str(entry["name"]): StepService(str(entry["url"]), bool(entry.get("disabled")))
        for entry in entries
        if entry.get("name") and entry.get("url")
    }


class StepServices:
    """The port's adapter."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        self._egress, self._clock = egress, clock

    async def run(self, question: RunStep) -> StepAnswer:
        return await self._clock.external(self._asked(question))

    async def _asked(self, question: RunStep) -> StepAnswer:
        body = {
            "operation": question.operation,
            "rollout": {"name": question.name, "namespace": question.namespace, "uid": question.uid},
            "podTemplateHash": question.pod_hash,
            "step": question.index,
            "execution": question.execution,
            "config": json.loads(question.config),
            "status": json.loads(question.state),
        }
        headers = {"Content-Type": "application/json"}
        try:
            answer = await self._egress.request(
                "POST",
                question.url,
                Credentials(),
                limit=ANSWER_LIMIT,
                body=orjson.dumps(body),
                headers=headers,
                seconds=SECONDS,
            )
        except (SourceError, TimeoutError) as error:
            return StepAnswer(problem=f"step plugin {question.plugin}: {error or 'no answer in time'}")
        if not 200 <= answer.status < 300:
            return StepAnswer(problem=f"step plugin {question.plugin}: answered {answer.status}")
        return read(answer.body, question.plugin)


def read(body: bytes, plugin: str) -> StepAnswer:
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return StepAnswer(problem=f"step plugin {plugin}: its answer is not JSON")
    phase = said.get("phase") if isinstance(said, dict) else None
    if phase not in PHASES:
        return StepAnswer(problem=f"step plugin {plugin}: phase {phase!r} is none of {', '.join(PHASES)}")
    try:
        wait = parse_duration(str(said.get("requeueAfter") or "0s"))
    except DurationError as error:
        return StepAnswer(problem=f"step plugin {plugin}: requeueAfter: {error}")
    state = said.get("status")
    return StepAnswer(
        phase=phase,
        message=str(said.get("message") or ""),
        requeue_after=max(wait, timedelta()),
        state=state if isinstance(state, dict) else None,
    )


def answerers(egress: Egress, clock: Clock) -> dict[type[Question[Any]], Answerer]:
    return {
        RunStep: Answerer(
            answer=StepServices(egress, clock).run,
            limit=16,
            timeout=2 * SECONDS,
            lane=lambda question: urlsplit(question.url).netloc,
            per_lane=8,
        )
    }
