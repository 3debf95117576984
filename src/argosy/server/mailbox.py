"""Messages of one stream between producer and sender: bounded, and the reader can be woken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final, Generic, TypeVar

from argosy.runtime.clock import Clock, TimerHandle

ROOM: Final = 16
M = TypeVar("M")


class Mailbox(Generic[M]):
    def __init__(self) -> None:
        self._messages: deque[M] = deque()
        self._heard = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    async def fill(self, messages: AsyncGenerator[M, None]) -> None:
        """Collects messages until they end or fail; raises nothing but cancellation."""
        try:
            async for message in messages:
                self._messages.append(message)
                self._heard.set()
                while len(self._messages) >= ROOM:
                    self._room.clear()
                    await self._room.wait()
        except Exception as error:
            self._error = error
        finally:
            self._ended = True
            self._heard.set()
            await messages.aclose()

    def wake(self) -> None:
        """Wakes the reader without a message."""
        self._heard.set()

    async def take(self) -> M | None:
        """None when woken, or at the end. Raises the error that ended the messages."""
        if not self._messages and not self._ended:
            await self._heard.wait()
        self._heard.clear()
        if self._messages:
            message = self._messages.popleft()
            if self._messages or self._ended:
                self._heard.set()
            self._room.set()
            return message
        if self._error is not None:
            raise self._error
        return None

    @property
    def is_over(self) -> bool:
        return self._ended and not self._messages and self._error is None


class Alarm:
    """Wakes a mailbox after a while. Shared by many messages: a timer for each would cost more than they do."""

    def __init__(self, clock: Clock, mailbox: Mailbox[M]) -> None:
        self._clock, self._ring = clock, mailbox.wake
        self._timer: TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Does nothing if it is already set."""
        if self._timer is None:
            self._timer = self._clock.call_later(seconds, self._rung, background=True)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _rung(self) -> None:
        self._timer = None
        self._ring()
