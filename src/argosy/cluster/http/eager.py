"""Starts a stream at once, in the running task, so that its errors are known before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from argosy.machinery.status import StatusError

T = TypeVar("T")


class Begun(Generic[T]):
    """Runs to the first suspension on construction and raises any error up to there; the rest runs when awaited.

    A watch with a bad selector becomes an HTTP error this way, while one without events sends its headers at once.
    Must be constructed and awaited in the same task: the suspended future is handed to that task unchanged.
    """

    def __init__(self, awaitable: Awaitable[T]) -> None:
        self._steps: Generator[Any, Any, T] = awaitable.__await__()
        self.done = False
        self._pending: Any = None
        self._result: Any = None
        self._step(None)

    def __await__(self) -> Generator[Any, Any, T]:
        while not self.done:
            try:
                sent = yield self._pending
            except BaseException as error:
                self._step(None, error)
            else:
                self._step(sent)
        result: T = self._result
        return result

    def _step(self, sent: Any, error: BaseException | None = None) -> None:
        try:
            self._pending = self._steps.send(sent) if error is None else self._steps.throw(error)
        except StopIteration as stop:
            self.done, self._result = True, stop.value

    def abandon(self) -> None:
        """Closes a coroutine that will never be awaited, as a cancellation would, so that it releases its resources."""
        if not self.done:
            self.done = True
            with suppress(asyncio.CancelledError, StopIteration, StopAsyncIteration, StatusError):
                self._steps.throw(asyncio.CancelledError())


class BegunStream(Generic[T]):
    """The output of `source`, as chunks. Construction raises the source's early errors; otherwise it must be closed.

    Ends when the source does or when the client may read no more. A later error becomes the last chunk, if
    `last_words` has one for it.
    """

    def __init__(
        self,
        source: AsyncIterator[T],
        encode: Callable[[T], bytes],
        still_allowed: Callable[[], bool],
        last_words: Callable[[StatusError], bytes] = lambda _error: b"",
    ) -> None:
        self._source = source
        self._encode = encode
        self._still_allowed = still_allowed
        self._last_words = last_words
        self._ended = False
        self._first: Begun[T] | None = None
        try:
            self._first = Begun(anext(source))
        except StopAsyncIteration:
            self._ended = True

    def __aiter__(self) -> BegunStream[T]:
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        first, self._first = self._first, None
        try:
            item = await (first if first is not None else anext(self._source))
        except StatusError as error:
            self._ended = True
            return self._last_words(error)
        if not self._still_allowed():
            raise StopAsyncIteration
        return self._encode(item)

    async def aclose(self) -> None:
        """Releases the source's resources, whether it was started or not."""
        self._ended = True
        if self._first is not None:
            self._first.abandon()
        if isinstance(self._source, AsyncGenerator):
            await self._source.aclose()


class LastWords:
    """A stream of one chunk: for a watch whose error clients expect inside the stream."""

    def __init__(self, chunk: bytes) -> None:
        self._chunks = [chunk]

    def __aiter__(self) -> LastWords:
        return self

    async def __anext__(self) -> bytes:
        if not self._chunks:
            raise StopAsyncIteration
        return self._chunks.pop()

    async def aclose(self) -> None:
        self._chunks.clear()


class TakenInPieces:
    """A large answer built on demand; the event loop does other work between two pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces: Iterator[bytes] = pieces

    def __aiter__(self) -> TakenInPieces:
        return self

    async def __anext__(self) -> bytes:
        await _TurnOfTheLoop()
        try:
            return next(self._pieces)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        self._pieces = iter(())


class _TurnOfTheLoop:
    """A bare yield, as asyncio understands it: continue after everything that is ready has had its turn."""

    def __await__(self) -> Generator[None, None, None]:
        yield
