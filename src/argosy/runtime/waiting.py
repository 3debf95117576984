"""Work that waits yields its place to other work: waiting for an external system is not work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """`leaves` it to other work, for good; `returns` to work in turn, next to the new owner of the place."""

    leaves: Callable[[], None]
    returns: Callable[[], Awaitable[None]]


PLACE: ContextVar[Place | None] = ContextVar("place", default=None)
"""The place of this task's work; None where places are not counted."""


async def waiting(work: Awaitable[T]) -> T:
    """Awaits an operation that may take time outside the process.

    Nothing happens if the result is available at once. Many may have waited for it: one resumes in each loop turn.
    """
    place = PLACE.get()
    if place is None:
        return await work
    waited = _Waited(work, place.leaves)
    made = await waited
    if waited.has_waited:
        await place.returns()
    return made


class _Waited(Generic[T]):
    def __init__(self, work: Awaitable[T], leaves: Callable[[], None]) -> None:
        self._work, self._leaves = work, leaves
        self.has_waited = False

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        sent: Any = None
        error: BaseException | None = None
        while True:
            try:
                pending = steps.send(sent) if error is None else steps.throw(error)
            except StopIteration as stop:
                made: T = stop.value
                return made
            self.has_waited = True
            self._leaves()
            try:
                sent, error = (yield pending), None
            except BaseException as thrown:
                error = thrown
