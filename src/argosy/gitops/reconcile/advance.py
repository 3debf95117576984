"""The result of a pass over an Application: its writes, its events, and when to continue."""

from __future__ import annotations

from dataclasses import dataclass, field

from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError


@dataclass(frozen=True, slots=True)
class Failure:
    """The pass must be retried, with growing pauses."""

    text: str = ""
    """An unexpected error, for the Application's owner; "" for a temporary one."""
    at_least: float = 0.0
    """Seconds, if the API server gave them."""
    is_awaited: bool = False
    """It will be woken by what it waits for: a connection to the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """`patch`: of the Application as the pass saw it. `events` are emitted once that is written."""

    patch: JsonObject = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    wake_after: float | None = None
    """Seconds after which the next pass is due, even if nothing changed."""
    background: bool = False
    """This alone keeps no rehearsal running."""
    failure: Failure | None = None


DONE = Advance()
"""Nothing more until something changes."""


def failure_of(error: StatusError | OSError) -> Failure:
    """The API server refuses, or does not answer: it is temporary, or a user must fix it."""
    return Failure(at_least=float(error.retry_after) if isinstance(error, StatusError) else 0.0)
