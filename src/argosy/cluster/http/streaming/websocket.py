"""WebSockets (RFC 6455), server side: handshake, messages, ping and close. No extensions."""

from __future__ import annotations

import base64
import hashlib

from argosy.cluster.http.exchange import Request
from argosy.cluster.http.streaming.raw import ByteStream, Reader

MESSAGE_LIMIT = 4 << 20
"""Maximum bytes of one message."""
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


def is_asked_for(request: Request) -> bool:
    upgrade = request.header("upgrade").lower()
    return upgrade == "websocket" and "upgrade" in request.header("connection").lower()


def protocols_of(request: Request) -> list[str]:
    return [word.strip() for word in request.header("sec-websocket-protocol").split(",") if word.strip()]


def handshake(request: Request, protocol: str) -> list[tuple[str, str]]:
    """The headers of the 101."""
    key = request.header("sec-websocket-key") + _GUID
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
    return [*headers, ("Sec-WebSocket-Protocol", protocol)] if protocol else headers


class WebSocket:
    def __init__(self, stream: ByteStream) -> None:
        self._stream, self._reader = stream, Reader(stream)
        self._closed = False

    async def receive(self) -> bytes | None:
        """The next message; None at the end."""
        parts: list[bytes] = []
        size = 0
        while True:
            try:
                final, kind, payload = await self._frame()
            except (EOFError, ConnectionError):
                return None
            if kind == _CLOSE:
                await self.close(int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1000)
                return None
            if kind == _PING:
                await self._send(_PONG, payload)
            if kind >= _CLOSE:
                continue
            size += len(payload)
            if size > MESSAGE_LIMIT:
                await self.close(1009)
                return None
            parts.append(payload)
            if final:
                return b"".join(parts)

    async def _frame(self) -> tuple[bool, int, bytes]:
        first, second = await self._reader.exactly(2)
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(await self._reader.exactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await self._reader.exactly(8), "big")
        if length > MESSAGE_LIMIT or not second & 0x80:  # a client masks what it sends
            raise EOFError
        mask = await self._reader.exactly(4)
        payload = await self._reader.exactly(length)
        return bool(first & 0x80), first & 0x0F, _unmasked(payload, mask)

    async def send(self, data: bytes) -> None:
        await self._send(_BINARY, data)

    async def send_text(self, text: str) -> None:
        await self._send(_TEXT, text.encode())

    async def ping(self) -> None:
        await self._send(_PING, b"")

    async def _send(self, kind: int, data: bytes) -> None:
        length = len(data)
        if length < 126:
            head = bytes([0x80 | kind, length])
        elif length < 65536:
            head = bytes([0x80 | kind, 126]) + length.to_bytes(2, "big")
        else:
            head = bytes([0x80 | kind, 127]) + length.to_bytes(8, "big")
        await self._stream.write(head + data)

    async def close(self, code: int = 1000) -> None:
        if not self._closed:
            self._closed = True
            await self._send(_CLOSE, code.to_bytes(2, "big"))


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    """Unmasks with one large integer instead of byte by byte."""
    if not payload:
        return payload
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(len(payload), "big")


class WebSocketBytes:
    """A web socket as a stream of bytes: how kubectl tunnels SPDY."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        while (message := await self._socket.receive()) is not None:
            if message:
                return message
        return b""

    async def write(self, data: bytes) -> None:
        await self._socket.send(data)
