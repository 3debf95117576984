"""The six states of health, and which is worse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from argosy.machinery.objects import JsonObject


class Status(StrEnum):
    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"


ORDER = tuple(Status)
"""Best first."""


@dataclass(frozen=True, slots=True)
class Health:
    status: Status
    message: str = ""

    def to_json(self) -> JsonObject:
        return {"status": str(self.status), **({"message": self.message} if self.message else {})}


def worst(states: Iterable[Status]) -> Status:
    """Healthy when there are none."""
    return max(states, key=ORDER.index, default=Status.HEALTHY)


def healthy(message: str = "") -> Health:
    return Health(Status.HEALTHY, message)


def progressing(message: str = "") -> Health:
    return Health(Status.PROGRESSING, message)


def degraded(message: str = "") -> Health:
    return Health(Status.DEGRADED, message)


def suspended(message: str = "") -> Health:
    return Health(Status.SUSPENDED, message)


def unknown(message: str = "") -> Health:
    return Health(Status.UNKNOWN, message)


def condition(obj: JsonObject, kind: str) -> JsonObject | None:
    """The condition of that type in the object's status, or None."""
    for one in (obj.get("status") or {}).get("conditions") or ():
        if one.get("type") == kind:
            found: JsonObject = one
            return found
    return None


def condition_status(obj: JsonObject, kind: str) -> str:
    """`True`, `False`, `Unknown`, or empty when the condition is absent."""
    return str((condition(obj, kind) or {}).get("status") or "")
