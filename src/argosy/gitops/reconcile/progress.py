"""What is remembered of the passes over an Application; it saves work, and nothing is lost when it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from argosy.apis.argoproj.application import ApplicationStatus
from argosy.gitops.keys import ResourceKey
from argosy.gitops.refresh.level import Level
from argosy.gitops.refresh.requests import RefreshRequests
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class LastReconciliation:
    """The last one that compared, or the last one that operated or deleted."""

    requests: int = 0
    """The number of the last request that it knew."""
    version: str = ""
    """Of the Application that it saw."""
    done: int = -1
    """The number of the last request that is fulfilled, which a failure leaves as it was. -1: none ever was."""
    wake_at: datetime | None = None
    background: bool = False
    is_due: bool = False
    """`wake_at` came."""
    again: Level = Level.NOTHING
    """How thoroughly the next one compares at least."""
    failures: int = 0
    """In a row."""

    def is_news(self, version: str, requests: RefreshRequests) -> bool:
        """Whether there is a reason for another one."""
        return self.is_due or version != self.version or requests.number != self.requests

    def due(self, now: datetime) -> LastReconciliation:
        return replace(self, is_due=True, wake_at=None) if self.wake_at is not None and self.wake_at <= now else self


@dataclass(frozen=True, slots=True)
class Progress:
    number: int = 0
    """Of passes that ended."""
    operated: LastReconciliation = LastReconciliation()
    compared: LastReconciliation = LastReconciliation()
    is_compare_next: bool = False
    """The last pass operated: while a sync runs, its Application is compared and refreshed all the same."""
    digest: str = ""
    """Of the manifests that were compared last."""
    revisions: tuple[str, ...] = ()
    """Those that were compared last."""
    told: tuple[str, ...] = ()
    """Those that the status told then: others, if a commit changed no manifest (`comparison.result`)."""
    end: tuple[str, str] = ("", "")
    """The end of an operation that the last comparison knew (`operation.end_of`)."""
    spec: JsonObject | None = None
    """As it was when it was compared last; None before the first time."""
    why: Mapping[ResourceKey, str] = field(default_factory=dict)
    """One line for each object that is out of sync."""
    errors: tuple[str, ...] = ()
    """Those that the last pass told for the first time, for the log."""


def told_revisions(status: ApplicationStatus) -> tuple[str, ...]:
    return (status.sync.revision, *status.sync.revisions)
