"""`status.health` and the Healthy condition: Unknown while a Promotion runs, or after one that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from argosy.promotion.stages.health import PROMOTING
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import Work

NOT_SUCCEEDED: Final = "Cannot assess health because last Promotion did not succeed"


def assess_health(seen: Seen, work: Work, now: datetime) -> Work:
    status_, conditions = work.status, work.conditions
    if seen.status.current_promotion:
        status_["health"] = {"status": "Unknown", "issues": [PROMOTING]}
        conditions.set("Healthy", "Unknown", "ActivePromotion", "Stage has a Promotion in progress")
        return work
    if not seen.status.last_promotion:
        status_["health"] = None
        conditions.set("Healthy", "Unknown", "NoFreight", "Stage has no current Freight")
        return work
    last = seen.status.last_result
    if last.phase != "Succeeded":
        status_["health"] = {"status": "Unknown", "issues": [NOT_SUCCEEDED]}
        conditions.set("Healthy", "Unknown", f"LastPromotion{last.phase}", NOT_SUCCEEDED)
        return work
    status_["health"] = seen.health
    count = len(last.health_checks)
    state = seen.health["status"]
    if state == "Healthy":
        conditions.set("Healthy", "True", "Healthy", f"Stage is healthy (performed {count} health checks)")
    elif state == "Unhealthy":
        issues = len(seen.health.get("issues") or ())
        conditions.set(
            "Healthy", "False", "Unhealthy", f"Stage is unhealthy ({issues} issues in {count} health checks)"
        )
    else:
        conditions.set("Healthy", "Unknown", state, "")
    return replace(work, before=seen.refreshes)
