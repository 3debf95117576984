"""SPDY/3.1, as far as Kubernetes' clients use it: streams with headers and data, no flow control, no priorities.

Source: the SPDY/3.1 draft. The header dictionary is a constant of that protocol.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping

from argosy.cluster.http.streaming.raw import ByteStream, Reader

STREAM_LIMIT = 256
"""Maximum streams of one connection."""
FRAME_LIMIT = 1 << 20
BACKLOG_LIMIT = 16 << 20
"""Bytes that may wait in one stream."""
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY = 1, 2, 3, 6, 7
_FIN = 1
_REFUSED_STREAM = 3


def _word(text: str) -> bytes:
    return len(text).to_bytes(4, "big") + text.encode()


_NAMES = (
    *("options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding"),
    *("accept-language", "accept-ranges", "age", "allow", "authorization", "cache-control", "connection"),
    *("content-base", "content-encoding", "content-language", "content-length", "content-location", "content-md5"),
    *("content-range", "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match"),
    *("if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location"),
    *("max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after"),
    *("server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning"),
    *("www-authenticate", "method", "get", "status"),
)
_VALUES = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
_MORE = ("200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin")
DICTIONARY = b"".join(map(_word, (*_NAMES, *_MORE))) + _VALUES.encode()


class SpdyStream:
    """One stream of a connection; `headers` have lower-case names."""

    def __init__(self, session: SpdySession, number: int, headers: Mapping[str, str]) -> None:
        self.number, self.headers = number, headers
        self._session = session
        self._chunks: list[bytes] = []
        self._size = 0
        self._ended = self._finished = False
        self._arrived = asyncio.Event()

    def feed(self, data: bytes, *, ends: bool) -> None:
        self._chunks.append(data)
        self._size += len(data)
        self._ended = self._ended or ends or self._size > BACKLOG_LIMIT
        self._arrived.set()

    async def read(self) -> bytes:
        while not self._size:
            if self._ended:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._chunks)
        self._chunks, self._size = [], 0
        return data

    async def write(self, data: bytes) -> None:
        for start in range(0, len(data), 65536):
            await self._session.send_data(self.number, data[start : start + 65536], ends=False)

    async def finish(self) -> None:
        """Half-closes: nothing more is sent."""
        if not self._finished:
            self._finished = True
            await self._session.send_data(self.number, b"", ends=True)


class SpdySession:
    """`accept` returns each stream that the client opens. One task calls `run`."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream, self._reader = stream, Reader(stream)
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)
        self._streams: dict[int, SpdyStream] = {}
        self._opened: asyncio.Queue[SpdyStream | None] = asyncio.Queue(STREAM_LIMIT + 1)

    async def accept(self) -> SpdyStream | None:
        """None when the connection is closed."""
        return await self._opened.get()

    async def run(self) -> None:
        """Reads until the client disconnects, or violates the protocol."""
        try:
            while await self._frame():
                pass
        except (EOFError, ConnectionError, zlib.error, UnicodeDecodeError):
            pass
        finally:
            for stream in self._streams.values():
                stream.feed(b"", ends=True)
            self._opened.put_nowait(None)

    async def _frame(self) -> bool:
        head = await self._reader.exactly(8)
        first, flags, length = int.from_bytes(head[:4], "big"), head[4], int.from_bytes(head[5:], "big")
        if length > FRAME_LIMIT:
            return False
        payload = await self._reader.exactly(length)
        if not first & 0x80000000:
            if (stream := self._streams.get(first)) is not None:
                stream.feed(payload, ends=bool(flags & _FIN))
            return True
        kind = first & 0xFFFF
        if kind == _SYN_STREAM:
            await self._open(payload, flags)
        elif kind == _RST_STREAM:
            if (stream := self._streams.pop(int.from_bytes(payload[:4], "big"), None)) is not None:
                stream.feed(b"", ends=True)
        elif kind == _PING:
            await self._control(_PING, payload[:4])
        return kind != _GOAWAY

    async def _open(self, payload: bytes, flags: int) -> None:
        number = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF
        headers = self._headers(payload[10:])
        if len(self._streams) >= STREAM_LIMIT or number in self._streams:
            await self._control(_RST_STREAM, number.to_bytes(4, "big") + _REFUSED_STREAM.to_bytes(4, "big"))
            return
        stream = self._streams[number] = SpdyStream(self, number, headers)
        if flags & _FIN:
            stream.feed(b"", ends=True)
        block = self._deflate.compress(bytes(4)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self._control(_SYN_REPLY, number.to_bytes(4, "big") + block)
        self._opened.put_nowait(stream)

    def _headers(self, block: bytes) -> dict[str, str]:
        raw = self._inflate.decompress(block, FRAME_LIMIT)
        count, at = int.from_bytes(raw[:4], "big"), 4
        found: dict[str, str] = {}
        for _ in range(min(count, 100)):
            words = []
            for _ in range(2):
                size = int.from_bytes(raw[at : at + 4], "big")
                words.append(raw[at + 4 : at + 4 + size].decode())
                at += 4 + size
            found[words[0].lower()] = words[1].partition("\0")[0]
        return found

    async def _control(self, kind: int, payload: bytes) -> None:
        head = (0x80030000 | kind).to_bytes(4, "big") + bytes([0]) + len(payload).to_bytes(3, "big")
        await self._stream.write(head + payload)

    async def send_data(self, number: int, data: bytes, *, ends: bool) -> None:
        head = number.to_bytes(4, "big") + bytes([_FIN if ends else 0]) + len(data).to_bytes(3, "big")
        await self._stream.write(head + data)

    def forget(self, stream: SpdyStream) -> None:
        self._streams.pop(stream.number, None)
