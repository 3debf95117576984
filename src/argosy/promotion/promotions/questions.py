"""Questions of Promotions: to run a step, and to remove a working directory."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.machinery.controller import Hidden, Question
from argosy.promotion.steps.kind import Result


@dataclass(frozen=True, slots=True)
class RunStep(Question[Result]):
    """One run of one step. `job` and `before` are JSON; they may hold secret values, so nothing prints them.

    `run` counts attempts and polls. `before` lists the earlier steps that built the working directory, so it can be
    rebuilt if it is lost. After a crash the same question may be asked again: steps check whether their effect exists
    before they repeat it.
    """

    uid: str
    index: int
    run: int
    uses: str
    job: Hidden
    before: Hidden
    credentials: Hidden
    identity: Hidden
    """The system's commit author."""


@dataclass(frozen=True, slots=True)
class RemoveDirectory(Question[bool]):
    """Removes the directory of a finished Promotion."""

    uid: str
