"""What is remembered of the passes over an Application; a cache that can be lost without harm."""

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
    """The last pass that compared, or the last one that operated or deleted."""

    requests: int = 0
    """The number of the last request that it included."""
    version: str = ""
    """The uid and version of the Application that it read."""
    done: int = -1
    """The number of the last fulfilled request, which a failure does not change; -1 if there was none."""
    wake_at: datetime | None = None
    background: bool = False
    is_due: bool = False
    """`wake_at` was reached."""
    again: Level = Level.NOTHING
    """The minimum level of the next comparison."""
    failures: int = 0
    """Number of consecutive failures."""

    def is_news(self, version: str, requests: RefreshRequests) -> bool:
        """Whether there is a reason for another one."""
        return self.is_due or version != self.version or requests.number != self.requests

    def due(self, now: datetime) -> LastReconciliation:
        return replace(self, is_due=True, wake_at=None) if self.wake_at is not None and self.wake_at <= now else self


@dataclass(frozen=True, slots=True)
class Progress:
    number: int = 0
    """The number of finished passes."""
    operated: LastReconciliation = LastReconciliation()
    compared: LastReconciliation = LastReconciliation()
    is_compare_next: bool = False
    """The last pass operated: during a sync, its Application is still compared and refreshed."""
    digest: str = ""
    """Digest of the manifests that were compared last."""
    revisions: tuple[str, ...] = ()
    """The revisions that were compared last."""
    reported: tuple[str, ...] = ()
    """The revisions in the status then: others, if a commit changed no manifest (`comparison.result`)."""
    end: tuple[str, str] = ("", "")
    """The end of an operation that the last comparison included (`operation.end_of`)."""
    spec: JsonObject | None = None
    """The spec that was compared last; None before the first time."""
    approved: str = ""
    """The approval of deletions that was compared last."""
    why: Mapping[ResourceKey, str] = field(default_factory=dict)
    """One line for each object that is out of sync."""
    errors: tuple[str, ...] = ()
    """Errors that the last pass reported for the first time, for the log."""


def reported_revisions(status: ApplicationStatus) -> tuple[str, ...]:
    return (status.sync.revision, *status.sync.revisions)
