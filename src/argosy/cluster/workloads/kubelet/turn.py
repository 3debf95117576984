"""The results of processing a Pod: marks, events, and when to run again, collected while its containers step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from argosy.cluster.workloads.decision import earliest
from argosy.machinery.objects import JsonObject

BACKOFF, LONGEST_BACKOFF = 10.0, 300.0
"""Seconds before a pull or a start is retried: doubled each time, up to the maximum."""

Exact = Callable[[str, str], datetime]
"""(label, text in seconds) -> the time, as exactly as it is known."""


@dataclass(slots=True)
class Turn:
    """The results of processing one Pod."""

    now: datetime
    exact: Exact
    seed: str
    pod: JsonObject
    always: bool
    """restartPolicy Always (for this container)."""
    on_failure: bool
    ends: bool
    """The Pod is meant to complete: containers stop by themselves."""
    wake_at: datetime | None = None
    marks: list[str] = field(default_factory=list)
    events: list[tuple[str, str, str, bool]] = field(default_factory=list)
    """(container, reason, message, warning)"""

    def wake(self, at: datetime) -> None:
        self.wake_at = earliest(self.wake_at, at)

    def say(self, container: JsonObject, reason: str, message: str, *, warning: bool = False) -> None:
        self.events.append((container["name"], reason, message, warning))
