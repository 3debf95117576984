"""A log that is still being written: read from its server piece by piece, and sent on as server-sent events.

Nothing is kept: a log server that is faster than the reader waits. Source: spec/kargo-api.md 3.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator, Mapping
from email.message import Message
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.server.kargo.faults import Fault
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, SourceError

LIMIT: Final = 1 << 30
"""Bytes of one log: whoever follows longer asks again."""
QUIET_SECONDS: Final = 600.0
"""A server that says nothing for so long is given up."""
CHUNK: Final = 4096
PIECES: Final = 4
"""That wait between the log server and the reader."""
_MARKS: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSETS: Final = {
    "iso-8859-1": "iso-8859-1",
    "utf-8": "utf-8",
    "utf-16": "utf-16-be",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
}


async def followed(
    egress: Egress, clock: Clock, url: str, headers: Mapping[str, str]
) -> AsyncGenerator[JsonObject, None]:
    """`{"chunk": text}` for each piece, until the log ends. Raises Fault, before the first, where there is no log."""
    log = _Log()
    work = clock.external(log.read(egress, url, headers))  # until it ends: nothing else of it needs the door
    reading = asyncio.get_running_loop().create_task(work, name="log of a verification")
    try:
        await log.head.wait()
        log.check("the logs cannot be fetched")
    except BaseException:
        reading.cancel()
        raise
    return _chunks(log, reading)


class _Log:
    """What has arrived and was not taken yet."""

    def __init__(self) -> None:
        self.head = asyncio.Event()
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue(PIECES)
        self.charset = ""
        self._status = 0
        self._error: Exception | None = None

    async def read(self, egress: Egress, url: str, headers: Mapping[str, str]) -> None:
        try:
            answer = await egress.get(
                url,
                Credentials(),
                limit=LIMIT,
                headers=headers,
                seconds=QUIET_SECONDS,
                sink=self.pieces.put,
                begun=self._begun,
            )
            self._status = answer.status
        except Exception as error:  # the reader of the next piece gets the error
            self._error = error
        self.head.set()
        await self.pieces.put(None)

    def check(self, what: str) -> None:
        """Raises Fault, or what is no failure of the log server's."""
        if isinstance(self._error, SourceError):
            raise Fault(502, f"{what}: {self._error}")
        if self._error is not None:
            raise self._error
        if self._status != 200:
            raise Fault(502, f"{what}: the log server answers {self._status}")

    def _begun(self, head: Answer) -> None:
        self._status, self.charset = head.status, _charset(head.headers.get("content-type", ""))
        self.head.set()


async def _chunks(log: _Log, reading: asyncio.Task[None]) -> AsyncGenerator[JsonObject, None]:
    text = Decoding(log.charset)
    try:
        while (piece := await log.pieces.get()) is not None:
            for at in range(0, len(piece), CHUNK):
                if told := text.decoded(piece[at : at + CHUNK]):
                    yield {"chunk": told}
        if told := text.decoded(b"", is_last=True):
            yield {"chunk": told}
        log.check("the log breaks off")
    finally:
        reading.cancel()


class Decoding:
    """Bytes to text, though a letter or a line's end may lie in two pieces."""

    def __init__(self, charset: str = "") -> None:
        self._charset, self._start, self._held = charset, b"", ""
        self._decoder: codecs.IncrementalDecoder | None = None

    def decoded(self, piece: bytes, *, is_last: bool = False) -> str:
        """ "" where a piece completes nothing."""
        if self._decoder is None:
            self._start += piece
            if len(self._start) < 2 and not is_last:
                return ""
            piece = self._start
            mark, charset = next((one for one in _MARKS if piece.startswith(one[0])), (b"", "utf-8"))
            self._decoder = codecs.getincrementaldecoder(self._charset or charset)(errors="replace")
            piece = piece.removeprefix(mark)
        text = self._held + self._decoder.decode(piece, final=is_last)
        self._held = "\r" if text.endswith("\r") and not is_last else ""
        return text.removesuffix(self._held).removeprefix("\ufeff")


def event(message: JsonObject) -> bytes:
    """A line of data for each line of text, so that nothing in a log can end an event."""
    text = str(message["chunk"]).replace("\r\n", "\n").replace("\r", "\n")
    return b"".join(b"data: " + line.encode() + b"\n" for line in text.split("\n")) + b"\n"


def _charset(content_type: str) -> str:
    """The encoding of the logs; "" where none is given, or an unknown one."""
    header = Message()
    header["content-type"] = content_type
    return _CHARSETS.get(str(header.get_param("charset") or "").lower(), "")
