"""Notifications that are due but not delivered: an annotation, written before the first attempt and after each.

So a crash loses none; one between a delivery and its record repeats that delivery, with the same state key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from argosy.notify.configuration import Destination

ANNOTATION: Final = "argosy.dev/notifications-pending"
TRIES: Final = 10
_FIRST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`namespace`: that of a self-service configuration, else ""."""

    key: str
    trigger: str
    index: int
    service: str
    recipient: str
    namespace: str = ""
    tries: int = 0
    next: int = 0
    """Unix seconds of the next attempt; 0 means at once."""

    @property
    def destination(self) -> Destination:
        return Destination(self.service, self.recipient)


def read_records(annotations: Mapping[str, Any]) -> tuple[Record, ...]:
    """Invalid entries are dropped: we did not write them."""
    try:
        found = orjson.loads(annotations.get(ANNOTATION) or "[]")
        return tuple(Record(**entry) for entry in found)
    except (orjson.JSONDecodeError, TypeError):
        return ()


def written(records: Sequence[Record]) -> str | None:
    """The annotation's text; None if it is empty."""
    return orjson.dumps([asdict(record) for record in records]).decode() if records else None


def next_try(tries: int, now: datetime, asked_seconds: float) -> datetime:
    """The wait after that many attempts: 1 s, 2 s, 4 s ... 5 min, or what the service asked for if that is longer."""
    wait = min(_FIRST_SECONDS * 2 ** max(0, tries - 1), _LONGEST_SECONDS)
    return now + timedelta(seconds=max(wait, asked_seconds))
