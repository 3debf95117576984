"""Cron schedules as Kubernetes controllers written in Go read them: five fields, or a descriptor such as `@daily`.

The rules are those of github.com/robfig/cron v3, `ParseStandard`: names and ranges, `N/step` up to the end of the
field, Sunday as 0 only; a day matches by month and week where either is a star, and by either where both are
restricted. Daylight saving time works as on a wall clock: a skipped local time does not occur, a repeated one occurs
twice.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argosy.machinery import duration

_STAR: Final = 1 << 63
_YEARS: Final = 5
"""A schedule without a match within this many years has none."""
_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY: Final = "@every "
_NUMBER: Final = re.compile(r"\+?[0-9]{1,9}", re.ASCII)


class CronError(ValueError):
    """The text is not a schedule; the message names the invalid part."""


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sets of minutes, hours, ... as bits; or `every` for an interval since the last time."""

    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0
    weekday: int = 0
    zone: tzinfo = UTC
    every: timedelta | None = None

    def next(self, after: datetime) -> datetime | None:
        """The first time later than `after`, in UTC; None when there is none within five years."""
        begin = after.astimezone(UTC).replace(microsecond=0)
        if self.every is not None:
            return begin + self.every
        return _first(self, begin + timedelta(seconds=1))


def zone_of(name: str) -> tzinfo:
    """UTC when empty. Raises CronError."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(f"{name!r} is not a time zone such as Europe/Berlin") from None


@lru_cache(maxsize=1024)
def parse(text: str, zone: str = "") -> Schedule:
    """`zone` applies unless the text names one itself, as `CRON_TZ=Europe/Berlin 0 2 * * 6` does. Raises CronError."""
    rest = text
    for prefix in ("TZ=", "CRON_TZ="):
        if text.startswith(prefix):
            zone, _, rest = text.removeprefix(prefix).partition(" ")
            rest = rest.strip()
    where = zone_of(zone)
    if rest.startswith(_EVERY):
        return Schedule(zone=where, every=_interval(rest.removeprefix(_EVERY)))
    spec = _DESCRIPTORS.get(rest, rest)
    if spec.startswith("@"):
        raise CronError(f"{spec!r} is none of {', '.join(_DESCRIPTORS)} and @every")
    parts = spec.split()
    if len(parts) != len(_FIELDS):
        raise CronError(f"{text!r} is not a schedule of five fields such as '0 2 * * 6'")
    minute, hour, day, month, weekday = (_bits(part, field) for part, field in zip(parts, _FIELDS, strict=True))
    return Schedule(minute, hour, day, month, weekday, where)


def _interval(text: str) -> timedelta:
    try:
        found = duration.nanoseconds(text)
    except duration.DurationError as error:
        raise CronError(f"@every: {error}") from None
    return timedelta(seconds=max(1, found // 1_000_000_000))


def _bits(text: str, field: _Field) -> int:
    found = 0
    for part in filter(None, text.split(",")):
        found |= _range(part, field)
    return found


def _range(text: str, field: _Field) -> int:
    range_, slash, step_text = text.partition("/")
    low, hyphen, high = range_.partition("-")
    if "/" in step_text or "-" in high:
        raise CronError(f"{field.name} {text!r}: one range and one step are all that a part has")
    star = _STAR if low in ("*", "?") else 0
    first, last = (field.least, field.most) if star else (_value(low, field), 0)
    if not star:
        last = _value(high, field) if hyphen else first
    step = 1
    if slash:
        step = _value(step_text, field._replace(names=()))
        last = last if hyphen else field.most
        star = star if step <= 1 else 0
    if not field.least <= first <= last <= field.most or not step:
        raise CronError(f"{field.name} {text!r} is not within {field.least} to {field.most}")
    return sum(1 << number for number in range(first, last + 1, step)) | star


def _value(text: str, field: _Field) -> int:
    name = text.lower()
    if name in field.names:
        return field.names.index(name) + field.least
    if not _NUMBER.fullmatch(text):
        raise CronError(f"{field.name} {text!r} is not a number")
    return int(text)


def _first(schedule: Schedule, begin: datetime) -> datetime | None:
    """Iterates over days by the calendar, then over the hours of a day as clocks show them."""
    if not (schedule.minute and schedule.hour):
        return None
    local = begin.astimezone(schedule.zone)
    day, last = local.date(), local.year + _YEARS
    while day.year <= last:
        if not schedule.month >> day.month & 1:
            day = (day.replace(day=1) + timedelta(days=calendar.monthrange(day.year, day.month)[1])).replace(day=1)
            continue
        if _is_day(schedule, day.day, day.isoweekday() % 7):
            midnight = datetime(day.year, day.month, day.day, tzinfo=schedule.zone).astimezone(UTC)
            if (found := _within(schedule, max(begin, midnight), day.day)) is not None:
                return found
        day += timedelta(days=1)
    return None


def _is_day(schedule: Schedule, day: int, weekday: int) -> bool:
    by_month, by_week = bool(schedule.day >> day & 1), bool(schedule.weekday >> weekday & 1)
    if schedule.day & _STAR or schedule.weekday & _STAR:
        return by_month and by_week
    return by_month or by_week


def _within(schedule: Schedule, at: datetime, day: int) -> datetime | None:
    """The first minute of that local day from `at` (UTC) on."""
    at = at + timedelta(minutes=1) if at.second else at
    at = at.replace(second=0)
    while (local := at.astimezone(schedule.zone)).day == day:
        if schedule.hour >> local.hour & 1:
            if schedule.minute >> local.minute & 1:
                return at
            at += timedelta(minutes=1)
        else:
            at += timedelta(minutes=60 - local.minute)
    return None
