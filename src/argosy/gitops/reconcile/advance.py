"""What a pass over an Application came to: what is to be written of it, told, and when to go on."""

from __future__ import annotations

from dataclasses import dataclass, field

from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError


@dataclass(frozen=True, slots=True)
class Failure:
    """A pass that is to be tried again, with longer and longer pauses."""

    text: str = ""
    """For the Application's owner, of an error that nothing here expects; "" for one that passes."""
    at_least: float = 0.0
    """Seconds, where the API server asked for them."""
    is_awaited: bool = False
    """What it waits for will be heard of: a connection to the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """`patch`: of the Application as the pass saw it. `events` are told once that is written."""

    patch: JsonObject = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    wake_after: float | None = None
    """Seconds after which the next pass is due, though nothing changed."""
    background: bool = False
    """That alone keeps no rehearsal alive."""
    failure: Failure | None = None


DONE = Advance()
"""Nothing more until something changes."""


def failure_of(error: StatusError | OSError) -> Failure:
    """An API server that refuses, or gives no answer: it passes, or somebody mends it."""
    return Failure(at_least=float(error.retry_after) if isinstance(error, StatusError) else 0.0)
