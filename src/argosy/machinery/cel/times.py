"""Arithmetic of timestamps and durations, and their parts, in any time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.overloads import UNIT, Library
from argosy.machinery.cel.types import DURATION, INT, STRING, TIMESTAMP


def timed(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(left: Any, right: Any) -> Any:
        try:
            return work(left, right)
        except OverflowError:
            raise CelError("timestamp overflow") from None

    return run


def _zone(name: str) -> tzinfo:
    sign = -1 if name.startswith("-") else 1
    digits = name.lstrip("+-")
    if digits[:1].isdigit() and ":" in digits:
        hours, _, minutes = digits.partition(":")
        try:
            return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
        except ValueError:
            raise CelError(f"unknown time zone {name[:100]}") from None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CelError(f"unknown time zone {name[:100]}") from None


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def run(moment: datetime, zone: str = "UTC") -> int:
        return read(moment.astimezone(_zone(zone)))

    return run


_PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}
_SPANS = {"getHours": timedelta(hours=1), "getMinutes": timedelta(minutes=1), "getSeconds": timedelta(seconds=1)}


def add_times(library: Library) -> None:
    for name, read in _PARTS.items():
        library.add(name, (TIMESTAMP,), INT, _part(read), UNIT, method=True)
        library.add(name, (TIMESTAMP, STRING), INT, _part(read), UNIT, method=True)
    for name, unit in _SPANS.items():
        library.add(name, (DURATION,), INT, lambda span, unit=unit: _divided_span(span, unit), UNIT, method=True)
    library.add(
        "getMilliseconds", (DURATION,), INT, lambda span: _divided_span(span, timedelta(milliseconds=1)), method=True
    )


def _divided_span(span: timedelta, unit: timedelta) -> int:
    return span // unit if span >= timedelta(0) else -(-span // unit)
