"""Simulated Promotion steps with effects outside: noted and assumed to succeed. All others run for real."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from argosy.machinery.controller import Hidden
from argosy.promotion.preview.outside import http, oci_push
from argosy.promotion.promotions.naming import generated_branch
from argosy.promotion.promotions.questions import RunStep
from argosy.promotion.steps.kind import Job, Result
from argosy.rehearse.notes import Notes

Answered = Callable[[RunStep], Awaitable[Result]]
SIMULATED: Final[Mapping[str, Callable[[Job], tuple[Result, list[str]]]]] = {"oci-push": oci_push, "http": http}
PUSHED: Final = ("path", "targetBranch", "generateTargetBranch", "maxAttempts", "provider")
"""The part of `github-push` that equals `git-push`, which runs in a copy."""


class SimulatedSteps:
    def __init__(self, really: Answered, notes: Notes) -> None:
        self._really, self._notes = really, notes

    async def run(self, question: RunStep) -> Result:
        if question.uses == "github-push":
            return await self._really(_as_git_push(question))
        if question.uses not in SIMULATED:
            return await self._really(question)
        fields = json.loads(str(question.job.value))
        fields["started_at"] = None
        result, lines = SIMULATED[question.uses](Job(**fields))
        for line in lines:
            self._notes.add("sent", f"Promotion {fields['promotion']}: {line}")
        return result


def _as_git_push(question: RunStep) -> RunStep:
    fields: dict[str, Any] = json.loads(str(question.job.value))
    config = {name: value for name, value in fields["config"].items() if name in PUSHED}
    if config.get("generateTargetBranch"):
        config = {**config, "targetBranch": generated_branch(fields["promotion"])}
        del config["generateTargetBranch"]
    fields |= {"uses": "git-push", "config": config}
    return replace(question, uses="git-push", job=Hidden(json.dumps(fields)))
