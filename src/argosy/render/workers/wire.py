"""The protocol between the parent and a render worker: frames over a pipe, each a small JSON header and a raw body.

Each side treats the other as hostile: a frame that claims to be too large ends the conversation.
"""

from __future__ import annotations

import os
import struct
from typing import Final

import orjson

from argosy.machinery.objects import JsonObject

HEADER_LIMIT: Final = 8 * 1024 * 1024
BODY_LIMIT: Final = 64 * 1024 * 1024
"""Maximum bytes of one answer; all manifests of one generation are one answer."""

_LENGTHS: Final = struct.Struct(">II")


class Closed(Exception):
    """The other side is closed, or violates the protocol."""


class Pipe:
    """One end: blocking reads and writes of complete frames."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self.received = 0
        """Number of complete frames so far."""

    def send(self, header: JsonObject, body: bytes = b"") -> None:
        head = orjson.dumps(header)
        try:
            _write(self._writes, _LENGTHS.pack(len(head), len(body)) + head)
            if body:
                _write(self._writes, body)
        except OSError as error:
            raise Closed(str(error)) from None

    def receive(self, body_limit: int = BODY_LIMIT) -> tuple[JsonObject, bytes]:
        head_length, body_length = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        if head_length > HEADER_LIMIT or body_length > body_limit:
            raise Closed(f"a frame of {head_length + body_length} bytes is larger than the limit")
        try:
            header = orjson.loads(self._exactly(head_length))
        except orjson.JSONDecodeError:
            raise Closed("a frame's header is not JSON") from None
        if not isinstance(header, dict):
            raise Closed("a frame's header is not an object")
        body = self._exactly(body_length)
        self.received += 1
        return header, body

    def _exactly(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            try:
                part = os.read(self._reads, min(length, 1 << 20))
            except OSError as error:
                raise Closed(str(error)) from None
            if not part:
                raise Closed("the pipe was closed")
            parts.append(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
