"""Begins an awaitable at once, in the running task, so that what it refuses is known before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """Runs to the first suspension on construction and raises what is raised until there; the rest runs when awaited.

    A watch with a bad selector becomes an HTTP error this way, while one without events sends its headers at once. To
    be constructed and awaited in one and the same task: the suspended future is handed to that task unchanged.
    """

    def __init__(self, awaitable: Awaitable[T]) -> None:
        self._steps: Generator[Any, Any, T] = awaitable.__await__()
        self.done = False
        self._pending: Any = None
        self._result: Any = None
        try:
            self._pending = self._steps.send(None)
        except StopIteration as stop:
            self.done, self._result = True, stop.value

    def __await__(self) -> Generator[Any, Any, T]:
        while not self.done:
            try:
                sent = yield self._pending
            except BaseException as error:
                self._step_after(error)
            else:
                self._step(sent)
        result: T = self._result
        return result

    def _step(self, sent: Any) -> None:
        try:
            self._pending = self._steps.send(sent)
        except StopIteration as stop:
            self.done, self._result = True, stop.value

    def _step_after(self, error: BaseException) -> None:
        try:
            self._pending = self._steps.throw(error)
        except StopIteration as stop:
            self.done, self._result = True, stop.value
