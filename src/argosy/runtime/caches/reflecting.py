"""Decides what a cache does next: list, watch, or wait and start over. No await, no clock, no client.

Each step takes the state and the latest event, and returns the next state. The loop in `runtime.informers` does what
the state says: the state *is* the instruction.

    Listing --page--> Listing --last page--> Watching --ended--> Watching
       ^                                        |
       +------- Waiting <--- failure, 410 ------+
       +--------------- age --------------------+
"""

from __future__ import annotations

from dataclasses import dataclass

from argosy.machinery.status import StatusError


@dataclass(frozen=True, slots=True)
class Listing:
    """Request the next page; an empty token means the first one."""

    continue_token: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Watching:
    """Watch from this revision."""

    resource_version: str
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Back off according to the count of failures, at least `at_least` seconds, then do `then`."""

    failures: int
    then: Listing | Watching
    at_least: float = 0.0


State = Listing | Watching | Waiting


@dataclass(frozen=True, slots=True)
class PageCame:
    resource_version: str
    continue_token: str = ""


@dataclass(frozen=True, slots=True)
class WatchEnded:
    """The server closed the stream regularly; `progressed`: at least one frame had been received."""

    resource_version: str
    progressed: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """`resource_version` is the newest that the watch had shown, `progressed` as for WatchEnded."""

    error: Exception
    resource_version: str = ""
    progressed: bool = False


@dataclass(frozen=True, slots=True)
class Waited:
    pass


@dataclass(frozen=True, slots=True)
class Aged:
    """The watch has run for so long that the cache is to be checked against a new list."""


Happening = PageCame | WatchEnded | Failed | Waited | Aged


def step(state: State, happening: Happening) -> State:
    match state, happening:
        case Listing(), PageCame(resource_version, token):
            return Listing(token) if token else Watching(resource_version)
        case Listing(failures=failures), Failed(error):
            # An expired token cannot be continued at the same revision: start at the first page.
            return Waiting(failures + 1, Listing(failures=failures + 1), _retry_after(error))
        case Watching(), Aged():
            return Listing()
        case Watching(), WatchEnded(resource_version, True):
            return Watching(resource_version)
        case Watching(failures=failures), WatchEnded(resource_version, False):
            return Waiting(failures + 1, Watching(resource_version, failures + 1))
        case Watching(failures=failures), Failed(error, resource_version, progressed):
            count = 1 if progressed else failures + 1
            then = Listing(failures=count) if _must_relist(error) else Watching(resource_version, count)
            return Waiting(count, then, _retry_after(error))
        case Waiting(then=then), Waited():
            return then
        case _:
            raise AssertionError(f"{happening} cannot happen while {state}")


def _must_relist(error: Exception) -> bool:
    """Expired history, and every error that a newer revision would not fix."""
    return isinstance(error, StatusError) and (error.is_expired or error.code in (400, 404, 422, 504))


def _retry_after(error: Exception) -> float:
    return float(error.retry_after) if isinstance(error, StatusError) else 0.0
