"""Times: RFC 3339 in JSON, seconds and nanoseconds on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:([Zz])|([+-])(\d\d):(\d\d))")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NoTime(ValueError):
    """Not RFC 3339."""


def to_wire(text: str) -> tuple[int, int]:
    """(seconds, nanoseconds) since 1970. Raises NoTime."""
    if (match := _FORM.fullmatch(text)) is None:
        raise NoTime(f"{text!r} is not an RFC 3339 time")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    zone = UTC
    if match[9]:
        offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
        zone = timezone(offset if match[9] == "+" else -offset)
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        raise NoTime(f"{text!r} is not an RFC 3339 time") from None
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds + (second - min(second, 59)), int((match[7] or "0").ljust(9, "0"))


def to_json(seconds: int, nanos: int) -> str:
    """In Kubernetes' format: whole seconds, in UTC. "" for Go's zero time."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return ""
    if moment.year <= 1:
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json_precise(seconds: int, nanos: int) -> str:
    text = to_json(seconds, nanos)
    return f"{text[:-1]}.{nanos // 1000:06d}Z" if text else ""
