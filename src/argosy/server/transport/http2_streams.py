"""The streams of one HTTP/2 connection: which are open, and how they end (RFC 9113, section 5.1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from argosy.server.transport.http2_frames import (
    CALM,
    PROTOCOL_ERROR,
    RST_STREAM,
    ConnectionFault,
    frame,
    word,
)

WINDOW: Final = 1 << 20
FLOOD: Final = 2_000
"""Control frames, resets and empty frames that may come while no request is answered."""


class StreamReset(Exception):
    """The client does not want the answer any more."""


@dataclass(slots=True, eq=False)
class Stream:
    number: int
    headers: list[tuple[str, str]]
    window: int
    granted: int = WINDOW
    """What the client may send before it is credited with more."""
    received: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    length: int = -1
    """What is still to come by its content-length; -1 when that is not told."""
    ended: bool = False
    """By the client."""
    reset: bool = False
    may_send: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Streams(asyncio.Protocol):
    """The open streams, by number. A stream that breaks a rule is reset; a client that makes us do that endlessly is
    sent away."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self._last = 0
        self._controls = 0

    def _count_control(self) -> None:
        """What costs its sender nothing, and us something."""
        self._controls += 1
        if self._controls > FLOOD:
            raise ConnectionFault(CALM, "too many control frames")

    def _check_opened(self, number: int) -> None:
        if number > self._last or number % 2 == 0:
            raise ConnectionFault(PROTOCOL_ERROR, f"stream {number} was never opened")

    def _refuse(self, number: int, code: int) -> None:
        """Ends one stream for what is wrong with it. Counts as a control frame: it may cost us more than its client."""
        self._count_control()
        self.transport.write(frame(RST_STREAM, 0, number, word.pack(code)))
        if (stream := self.streams.get(number)) is not None:
            self._drop(stream)

    def _end(self, stream: Stream) -> None:
        if stream.length > 0:
            self._refuse(stream.number, PROTOCOL_ERROR)
            return
        stream.ended = True
        stream.received.put_nowait(None)

    def _drop(self, stream: Stream) -> None:
        self.streams.pop(stream.number, None)
        stream.reset = True
        stream.may_send.set()
        if stream.task is not None:
            stream.task.cancel()
