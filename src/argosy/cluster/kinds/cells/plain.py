"""Cells shared by many kinds, and the row of a kind without a printer."""

from __future__ import annotations

from datetime import UTC, datetime

from argosy.machinery.objects import JsonObject, JsonValue

NONE = "<none>"
UNSET = "<unset>"
UNKNOWN = "<unknown>"
_YEAR = 365 * 24 * 3600
_DAY = 24 * 3600
_HOUR = 3600


def created_at_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    """Name and creation time: Role, ClusterRole, LimitRange, CustomResourceDefinition."""
    metadata = obj["metadata"]
    return [metadata.get("name", ""), metadata.get("creationTimestamp") or UNKNOWN]


def moment(text: str) -> datetime:
    """A Time or MicroTime as emitted: UTC with a Z."""
    return datetime.fromisoformat(text).astimezone(UTC)


def age_since(text: str | None, now: datetime) -> str:
    """How long ago, or `<unknown>` for an unset time."""
    return human_duration((now - moment(text)).total_seconds()) if text else UNKNOWN


def age(obj: JsonObject, now: datetime) -> str:
    return age_since(obj["metadata"].get("creationTimestamp"), now)


def human_duration(seconds: float) -> str:
    """apimachinery's HumanDuration (kinds sheet 4): two units where the first alone would be too coarse."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 2 * 60:
        return f"{whole}s"
    if whole < 10 * 60:
        return _pair(whole, 60, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // 60}m"
    if whole < 8 * _HOUR:
        return _pair(whole, _HOUR, "h", 60, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _pair(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _pair(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def _pair(seconds: int, unit: int, letter: str, part: int, part_letter: str) -> str:
    rest = seconds % unit // part
    return f"{seconds // unit}{letter}{rest}{part_letter}" if rest else f"{seconds // unit}{letter}"
