"""The question of a pass: its Application and its number. So one pass finishes before the next starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from argosy.gitops.comparison.conclusion import Concluded
from argosy.gitops.reconcile.advance import Advance
from argosy.gitops.refresh.level import Refresh
from argosy.gitops.refresh.requests import RefreshRequests
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject, Key


class Stage(StrEnum):
    DELETE = "delete"
    OPERATE = "operate"
    COMPARE = "compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a pass must do, and its inputs apart from outside requests."""

    stage: Stage
    app: JsonObject
    requests: RefreshRequests
    is_overdue: bool = False
    """The next poll is due since it was compared."""
    refresh: Refresh | None = None
    """None: only orphans are counted again."""
    is_unblocked: bool = False
    digest: str = ""
    revisions: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        return str(self.app["metadata"]["resourceVersion"])


@dataclass(frozen=True, slots=True)
class Reconciliation(Question["Reconciled"]):
    """If it is repeated after a crash, it finds what was done: every effect is idempotent."""

    app: Key
    number: int
    work: Work = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The result of a pass. `work` is the original question; the Application may have changed since."""

    work: Work
    found: Advance | Concluded
    judge_after: float | None = None
    """Seconds after which a verdict of users' health checks may change."""
    chance: float = 0.0
    """From 0 to 1: spreads retries."""
