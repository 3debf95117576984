"""Durations in Go's format (`1h30m0s`), and ages as kubectl prints them (`5d3h`).

Source: spec/embedded-kubernetes-kinds.md section 4 (Age); Go's time package for the grammar. Units are nanoseconds in
an int where precision counts, and datetime.timedelta (microseconds) elsewhere.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+", re.ASCII)
_NUMBER = re.compile(r"(\d*)(?:\.(\d*))?", re.ASCII)
_UNIT = re.compile(r"[^.0-9]*", re.ASCII)
_LARGEST = 2**63 - 1


class DurationError(ValueError):
    """The text is not a Go duration; the message is Go's."""


def nanoseconds(text: str) -> int:
    """`1h30m`, `-1.5s`, `0`. Raises DurationError."""
    if text in ("0", "+0", "-0"):
        return 0
    if len(text) > 128 or not _WHOLE.fullmatch(text):
        raise DurationError(_complaint(text))
    total = sum(int(Decimal(number) * _UNITS[unit]) for number, unit in _PART.findall(text))
    if total > _LARGEST:
        raise DurationError(f'time: invalid duration "{text}"')
    return -total if text.startswith("-") else total


def _complaint(text: str) -> str:
    """The first error that Go reports: a number without a unit, an unknown unit, or anything else."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    while rest and len(text) <= 128:
        found = _NUMBER.match(rest)
        if found is None or not (found[1] or found[2]):
            break
        unit = _UNIT.match(rest, found.end())
        assert unit is not None
        if not unit[0]:
            return f'time: missing unit in duration "{text}"'
        if unit[0] not in _UNITS:
            return f'time: unknown unit "{unit[0]}" in duration "{text}"'
        rest = rest[unit.end() :]
    return f'time: invalid duration "{text}"'


def parse(text: str) -> timedelta:
    """Like `nanoseconds`, truncated to microseconds. Raises DurationError."""
    whole = nanoseconds(text)
    cut = abs(whole) // 1000
    return timedelta(microseconds=cut if whole >= 0 else -cut)


def spelled(value: timedelta | int) -> str:
    """Go's format, for a timedelta or nanoseconds: `1h30m0s`, `1.5s`, `250ms`, `0s`."""
    total = value if isinstance(value, int) else value // timedelta(microseconds=1) * 1000
    if total == 0:
        return "0s"
    sign, total = ("-", -total) if total < 0 else ("", total)
    for unit in ("ns", "µs", "ms"):
        if total < _UNITS[unit] * 1000:
            return f"{sign}{_fraction(total, _UNITS[unit])}{unit}"
    minutes, rest = divmod(total, _UNITS["m"])
    seconds = f"{_fraction(rest, _UNITS['s'])}s"
    if not minutes:
        return sign + seconds
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}h{minutes}m{seconds}" if hours else f"{sign}{minutes}m{seconds}"


def _fraction(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).zfill(len(str(unit)) - 1).rstrip('0')}"


def human(value: timedelta) -> str:
    """The age text of tables: `<invalid>` below -1 s, at most two units, the smaller left out when zero."""
    seconds = value // timedelta(seconds=1) if value >= timedelta() else -(-value // timedelta(seconds=1))
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    if seconds < 120:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    years = days // 365
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, or `<unknown>` for a time that was never set."""
    return "<unknown>" if since is None else human(now - since)
