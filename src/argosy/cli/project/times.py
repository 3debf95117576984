"""Parses and prints times and durations for the commands of `proj`. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from argosy.cli.failing import CommandError
from argosy.machinery import duration


def go_time(seconds: int) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(flag: str, text: str) -> int:
    try:
        return int(duration.parse(text).total_seconds())
    except duration.DurationError as error:
        raise CommandError(f"{flag} {text!r}: {error}: give a duration such as 12h") from None
