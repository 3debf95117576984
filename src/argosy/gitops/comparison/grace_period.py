"""For how long an Application keeps its status while its sources cannot be loaded (spec/argo-cd-engine.md 4.1).

A repository that is unreachable for a minute is not reported. It is reported at once if a refresh was requested, if
there is no status to keep, or if it was reported before.
"""

from __future__ import annotations

from datetime import datetime

from argosy.apis.argoproj.application import ApplicationStatus
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.refresh.level import Level, Refresh


def remaining(since: datetime, before: ApplicationStatus, decided: Refresh, settings: Settings, now: datetime) -> float:
    """Seconds until the error is reported; 0 if it is due. `since`: of the first error, `before`: the status."""
    if decided.level == Level.FORCED or before.sync.status in ("", "Unknown"):
        return 0.0
    if any(item.type == "ComparisonError" for item in before.conditions):
        return 0.0
    return max(0.0, settings.repo_error_grace - (now - since).total_seconds())
