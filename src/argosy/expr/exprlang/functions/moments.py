"""now, date, duration and timezone. The current time is passed in with the evaluation, never read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import gotime
from goduration.go import Duration
from gotime import Location, LocationError, ParseError, Time

from argosy.expr.exprlang.errors import Fault
from argosy.expr.exprlang.frame import Frame
from argosy.expr.exprlang.operators import text
from argosy.machinery import duration as durations

_LAYOUTS: Final = (
    gotime.DATE_ONLY,
    gotime.TIME_ONLY,
    gotime.DATE_TIME,
    gotime.RFC3339,
    gotime.RFC822,
    gotime.RFC850,
    gotime.RFC1123,
)
_LONGEST: Final = 256


def _now(frame: Frame, zone: object = None) -> Time:
    if frame.now is None:
        raise Fault("now() is not available here")
    return frame.now.in_location(zone) if isinstance(zone, Location) else frame.now


def _duration(frame: Frame, value: object) -> Duration:
    try:
        return Duration(durations.nanoseconds(text(value)))
    except durations.DurationError as error:
        raise Fault(str(error)) from None


def _timezone(frame: Frame, name: object) -> Location:
    try:
        return Location.load(text(name))
    except (LocationError, ValueError, OSError):
        raise Fault(f"unknown time zone {text(name)}") from None


def _date(frame: Frame, *arguments: object) -> Time:
    zone = arguments[0] if isinstance(arguments[0], Location) else None
    rest = arguments[1:] if zone is not None else arguments
    if not rest:
        raise Fault("invalid number of arguments (expected at least 1, got 0)")
    value = text(rest[0])
    if len(value) > _LONGEST or (len(rest) > 1 and len(text(rest[1])) > _LONGEST):
        raise Fault(f"invalid date: longer than {_LONGEST} characters")
    if len(rest) == 3:
        zone = _timezone(frame, rest[2])
    if len(rest) > 1:
        try:
            return _parsed(text(rest[1]), value, zone)
        except (ParseError, ValueError, OverflowError) as error:
            raise Fault(str(error)) from None
    for layout in _LAYOUTS:
        try:
            return _parsed(layout, value, zone)
        except (ParseError, ValueError, OverflowError):
            continue
    raise Fault(f"invalid date {value}")


def _parsed(layout: str, value: str, zone: Location | None) -> Time:
    return Time.parse(layout, value) if zone is None else Time.parse_in_location(layout, value, zone)


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "now": _now,
    "duration": _duration,
    "timezone": _timezone,
    "date": _date,
}
