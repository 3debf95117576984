"""Frames of HTTP/2 (RFC 9113 sections 4 and 6): their numbers, their forms, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITIZED, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 1, 3, 5, 6
REFUSED, CANCEL, COMPRESSION_ERROR, CALM = 7, 8, 9, 11
MAX_FRAME: Final = 16_384
ON_A_STREAM: Final = frozenset({DATA, HEADERS, PRIORITY, RST_STREAM, PUSH, CONTINUATION})
ON_THE_CONNECTION: Final = frozenset({SETTINGS, PING, GOAWAY})
SIZES: Final = {PRIORITY: 5, RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}
head = Struct(">BHBBL")
pair = Struct(">HL")
word = Struct(">L")


class ConnectionFault(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def check_form(kind: int, flags: int, number: int, size: int) -> None:
    """Whether such a frame may be on that stream (0: the connection), and of that size. Raises ConnectionFault."""
    if (kind in ON_A_STREAM and number == 0) or (kind in ON_THE_CONNECTION and number != 0):
        raise ConnectionFault(PROTOCOL_ERROR, f"a frame of kind {kind} on stream {number}")
    wanted = SIZES.get(kind, size)
    if size != wanted or (kind == SETTINGS and (size % 6 or (flags & ACK and size))) or (kind == GOAWAY and size < 8):
        raise ConnectionFault(FRAME_SIZE_ERROR, f"a frame of kind {kind} has {size} bytes")


def frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    size = len(payload)
    return head.pack(size >> 16, size & 0xFFFF, kind, flags, number) + payload


def encode_headers(headers: Iterable[tuple[str, str]]) -> bytes:
    """Literals that are not indexed: the client's table stays empty, and nothing secret is kept in it."""
    out = bytearray()
    for name, value in headers:
        if name == ":status" and value == "200":
            out.append(0x88)
            continue
        out.append(0)
        for text in (name, value):
            raw = text.encode()
            _integer(len(raw), out)
            out += raw
    return bytes(out)


def _integer(value: int, out: bytearray) -> None:
    if value < 0x7F:
        out.append(value)
        return
    out.append(0x7F)
    value -= 0x7F
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def unpadded(flags: int, payload: bytes, *, prioritized: bool = False) -> bytes:
    """Without padding and priority. Raises ConnectionFault."""
    start, end = 0, len(payload)
    if flags & PADDED:
        if not payload:
            raise ConnectionFault(FRAME_SIZE_ERROR, "a frame is too short")
        if payload[0] >= len(payload):
            raise ConnectionFault(PROTOCOL_ERROR, "padding is longer than its frame")
        start, end = 1, len(payload) - payload[0]
    if prioritized and flags & PRIORITIZED:
        start += 5
    if start > len(payload):
        raise ConnectionFault(FRAME_SIZE_ERROR, "a frame is too short")
    if start > end:
        raise ConnectionFault(PROTOCOL_ERROR, "padding is longer than its frame")
    return payload[start:end]
