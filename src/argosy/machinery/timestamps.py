"""Times in API objects: RFC 3339 in UTC, with seconds (Time) or six decimals (MicroTime). Section 7 of the spec."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FORM = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def seconds(moment: datetime) -> str:
    """`2024-01-02T03:04:05Z`; fractions are truncated, as in Go."""
    return f"{_utc(moment).isoformat(timespec='seconds')[:-6]}Z"


def micros(moment: datetime) -> str:
    """`2024-01-02T03:04:05.000006Z`."""
    return f"{_utc(moment).isoformat(timespec='microseconds')[:-6]}Z"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; give an aware datetime")
    return moment.astimezone(UTC)


def parse(text: str) -> datetime:
    """An aware UTC time; digits beyond microseconds are truncated. Raises ValueError naming the text."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2024-01-02T03:04:05Z")
    fraction = (found[3] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}.{fraction}{found[4].replace('Z', '+00:00')}").astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2024-01-02T03:04:05Z") from None
