"""What the response to a write means for its key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from argosy.machinery.controller import Refusal
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError


class Stale(Exception):
    """The view was too old: look again. Never success, and nothing to report to users."""


class Refused(Exception):
    """The server refused the write, or did not respond. The message names the write and the reason, never a body."""

    def __init__(self, write: Write, error: Exception) -> None:
        status = error if isinstance(error, StatusError) else None
        self.write = write
        self.code = status.code if status else 0
        self.reason = status.reason if status else type(error).__name__
        self.message = status.message if status else "the API server gave no answer"
        self.retry_after = float(status.retry_after) if status else 0.0
        self.others: tuple[Refused, ...] = ()
        """In the same turn."""
        super().__init__(f"{write}: {self.code} {self.reason}")

    def with_others(self, others: Sequence[Refused]) -> Refused:
        self.others = tuple(others)
        self.retry_after = max(self.retry_after, *(one.retry_after for one in others), 0.0)
        return self

    def refusals(self, count: int, at: datetime) -> tuple[Refusal, ...]:
        return tuple(Refusal(one.write, one.code, one.reason, one.message, count, at) for one in (self, *self.others))


def raise_for(write: Write, error: StatusError) -> None:
    """Returns for a deletion that found nothing: that was the goal. Raises Stale or Refused."""
    if write.verb == "delete" and error.is_not_found:
        return
    missing = error.is_not_found and write.verb in ("patch", "update")
    if error.is_conflict or error.is_already_exists or missing:
        raise Stale(f"{write}: {error.reason}") from error
    raise Refused(write, error) from error
