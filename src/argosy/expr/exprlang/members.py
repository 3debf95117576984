"""Methods of times, durations, months and time zones: the only values with methods.

Go: package time, methods with a single result. A method is found in these tables, never by a Python name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from goduration.go import Duration
from gotime import Location, Month, Time, Weekday

from .errors import Fault
from .natures import BOOL, DURATION, FLOAT, INT, INT64, LOCATION, MONTH, STRING, TIME, WEEKDAY, Nature, function
from .values import Function, Int64, type_name

_HOUR: Final = 3_600_000_000_000

Method = tuple[Nature, Callable[..., object]]


_TIME: Final[Mapping[str, Method]] = {
    "Year": (function(result=INT), lambda t: int(t.year)),
    "Month": (function(result=MONTH), lambda t: t.month),
    "Day": (function(result=INT), lambda t: int(t.day)),
    "Hour": (function(result=INT), lambda t: int(t.hour)),
    "Minute": (function(result=INT), lambda t: int(t.minute)),
    "Second": (function(result=INT), lambda t: int(t.second)),
    "Nanosecond": (function(result=INT), lambda t: int(t.nanosecond)),
    "Weekday": (function(result=WEEKDAY), lambda t: t.weekday),
    "YearDay": (function(result=INT), lambda t: int(t.year_day)),
    "Unix": (function(result=INT64), lambda t: Int64(t.unix())),
    "UnixMilli": (function(result=INT64), lambda t: Int64(t.unix_milliseconds())),
    "UnixMicro": (function(result=INT64), lambda t: Int64(t.unix_microseconds())),
    "UnixNano": (function(result=INT64), lambda t: Int64(t.unix_nanoseconds())),
    "UTC": (function(result=TIME), lambda t: t.utc()),
    "In": (function(LOCATION, result=TIME), lambda t, zone: t.in_location(zone)),
    "Location": (function(result=LOCATION), lambda t: t.location),
    "IsZero": (function(result=BOOL), lambda t: t.is_zero()),
    "IsDST": (function(result=BOOL), lambda t: t.is_dst()),
    "Format": (function(STRING, result=STRING), lambda t, layout: t.format(layout)),
    "String": (function(result=STRING), str),
    "Add": (function(DURATION, result=TIME), lambda t, duration: t.add(duration)),
    "AddDate": (function(INT, INT, INT, result=TIME), lambda t, y, m, d: t.add_date(y, m, d)),
    "Sub": (function(TIME, result=DURATION), lambda t, other: t.subtract(other)),
    "Before": (function(TIME, result=BOOL), lambda t, other: t.before(other)),
    "After": (function(TIME, result=BOOL), lambda t, other: t.after(other)),
    "Equal": (function(TIME, result=BOOL), lambda t, other: t.equal(other)),
    "Compare": (function(TIME, result=INT), lambda t, other: t.compare(other)),
    "Truncate": (function(DURATION, result=TIME), lambda t, duration: t.truncate(duration)),
    "Round": (function(DURATION, result=TIME), lambda t, duration: t.round(duration)),
}
_DURATION: Final[Mapping[str, Method]] = {
    "Hours": (function(result=FLOAT), lambda d: d.nanoseconds / _HOUR),
    "Minutes": (function(result=FLOAT), lambda d: d.nanoseconds / (_HOUR / 60)),
    "Seconds": (function(result=FLOAT), lambda d: d.nanoseconds / 1e9),
    "Milliseconds": (function(result=INT64), lambda d: Int64(_cut(d.nanoseconds, 1_000_000))),
    "Microseconds": (function(result=INT64), lambda d: Int64(_cut(d.nanoseconds, 1000))),
    "Nanoseconds": (function(result=INT64), lambda d: Int64(d.nanoseconds)),
    "Abs": (function(result=DURATION), lambda d: Duration(abs(d.nanoseconds))),
    "Truncate": (function(DURATION, result=DURATION), lambda d, unit: d.truncate(unit)),
    "Round": (function(DURATION, result=DURATION), lambda d, unit: d.round(unit)),
    "String": (function(result=STRING), str),
}
_NAMED: Final[Mapping[str, Method]] = {"String": (function(result=STRING), str)}

_BY_TYPE: Final[Mapping[type, Mapping[str, Method]]] = {
    Time: _TIME,
    Duration: _DURATION,
    Month: _NAMED,
    Weekday: _NAMED,
    Location: _NAMED,
}
_BY_NAME: Final[Mapping[str, Mapping[str, Method]]] = {
    TIME.name: _TIME,
    DURATION.name: _DURATION,
    MONTH.name: _NAMED,
    WEEKDAY.name: _NAMED,
    LOCATION.name: _NAMED,
}
_PYTHON: Final[Mapping[str, tuple[type, ...]]] = {
    STRING.name: (str,),
    INT.name: (int,),
    TIME.name: (Time,),
    DURATION.name: (Duration,),
    LOCATION.name: (Location,),
}


def _cut(value: int, unit: int) -> int:
    """Towards zero, as in Go."""
    return value // unit if value >= 0 else -(-value // unit)


def method_nature(base: Nature, name: str) -> Nature | None:
    found = _BY_NAME.get(base.name, {}).get(name)
    return found[0] if found is not None else None


def method(value: object, name: str) -> Function | None:
    """The method bound to this value, if it has it."""
    found = _BY_TYPE.get(type(value), {}).get(name)
    if found is None:
        return None
    nature, call = found

    def bound(*arguments: Any) -> object:
        if len(arguments) != len(nature.parameters):
            wanted = len(nature.parameters)
            raise Fault(f"invalid number of arguments: expected {wanted}, got {len(arguments)}")
        for argument, wanted_nature in zip(arguments, nature.parameters, strict=True):
            if not isinstance(argument, _PYTHON[wanted_nature.name]) or isinstance(argument, bool):
                raise Fault(f"reflect: Call using {type_name(argument)} as type {wanted_nature.name}")
        try:
            return call(value, *arguments)
        except (OverflowError, ValueError) as error:
            raise Fault(f"{name}: {error}") from None

    return Function(bound, nature=nature)
