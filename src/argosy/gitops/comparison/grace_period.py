"""For how long an Application stays as it was while its sources cannot be loaded (spec/argo-cd-engine.md 4.1).

A repository that is away for a minute is no news. It is told at once when somebody asked for a refresh, when there is
nothing to stay as it was, and when it was told before.
"""

from __future__ import annotations

from datetime import datetime

from argosy.apis.argoproj.application import ApplicationStatus
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.refresh.level import Level, Refresh


def remaining(since: datetime, before: ApplicationStatus, decided: Refresh, settings: Settings, now: datetime) -> float:
    """Seconds until the error is told; 0 when it is due. `since`: of the first error, `before`: the status."""
    if decided.level == Level.FORCED or before.sync.status in ("", "Unknown"):
        return 0.0
    if any(item.type == "ComparisonError" for item in before.conditions):
        return 0.0
    return max(0.0, settings.repo_error_grace - (now - since).total_seconds())
