"""Messages of one stream on their way from who makes them to who sends them: bounded, and with an alarm."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from argosy.machinery.objects import JsonObject

ROOM: Final = 16


class Mailbox:
    def __init__(self) -> None:
        self._messages: deque[JsonObject] = deque()
        self._heard = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    async def fill(self, messages: AsyncGenerator[JsonObject, None]) -> None:
        """Until they end, or fail; never raises but when cancelled."""
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
        """The one who waits looks around, though no message came."""
        self._heard.set()

    async def take(self) -> JsonObject | None:
        """None when woken, or at the end. Raises what ended the messages."""
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
    def is_filled(self) -> bool:
        """Whether a message is there to be taken at once."""
        return bool(self._messages)

    @property
    def is_over(self) -> bool:
        return self._ended and not self._messages and self._error is None
