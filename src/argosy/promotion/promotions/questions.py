"""What Promotions ask of the world: to run a step, and to remove a working directory."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.machinery.controller import Hidden, Question
from argosy.promotion.steps.kind import Result


@dataclass(frozen=True, slots=True)
class RunStep(Question[Result]):
    """One run of one step. `job` and `before` are JSON; they may hold secret values, so nothing prints them.

    `run` counts attempts and polls. `before` lists the earlier steps that made the working directory what it is, so
    that it can be made again where it was lost. After a crash the same question may be asked again: steps look for what
    they did before they do it.
    """

    uid: str
    index: int
    run: int
    uses: str
    job: Hidden
    before: Hidden
    credentials: Hidden
    identity: Hidden
    """Who commits for the system."""


@dataclass(frozen=True, slots=True)
class RemoveDirectory(Question[bool]):
    """Of a Promotion that is over."""

    uid: str
