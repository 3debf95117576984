"""Our HTTP/2 and the library h2 are of one mind: on what clients may send, what it means, and what servers may answer.

h2 is a dependency of tests alone; `bench/http2.py` says what using it would cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, ResponseReceived, StreamEnded, TrailersReceived
from h2.exceptions import ProtocolError
from hpack import Encoder

from argosy.runtime.chance import SeededRng
from argosy.server.transport.http2 import Http2Connection
from argosy.server.transport.http2_frames import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    PRIORITY,
    PUSH,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
)
from argosy.server.transport.http2_streams import Stream

Fields = list[tuple[str, str]]
REQUEST: Final[Fields] = [(":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", "h")]


class Sink(asyncio.Transport):
    def __init__(self) -> None:
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def take(self) -> bytes:
        found = bytes(self.written)
        self.written.clear()
        return found


@dataclass
class Request:
    headers: Fields = field(default_factory=list)
    body: bytes = b""
    ended: bool = False


@dataclass
class Verdict:
    """`ended`: the connection, with that code. `refused`: streams. `requests`: those that are there and not refused."""

    ended: int | None = None
    refused: dict[int, int] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)

    @property
    def is_refusal(self) -> bool:
        return self.ended is not None or bool(self.refused)


def read(written: bytes, verdict: Verdict) -> Verdict:
    while written:
        size, kind, number = int.from_bytes(written[:3], "big"), written[3], int.from_bytes(written[5:9], "big")
        payload, written = written[9 : 9 + size], written[9 + size :]
        if kind == GOAWAY:
            verdict.ended = int.from_bytes(payload[4:8], "big")
        elif kind == RST_STREAM:
            verdict.refused[number] = int.from_bytes(payload, "big")
            verdict.requests.pop(number, None)
    return verdict


def of_ours(sent: bytes) -> Verdict:
    verdict, sink = Verdict(), Sink()

    async def handle(connection: Http2Connection, stream: Stream) -> None:
        request = verdict.requests[stream.number] = Request(stream.headers)
        async for data in connection.received(stream):
            request.body += data
        request.ended = True
        await asyncio.get_running_loop().create_future()

    async def talk(connection: Http2Connection) -> None:
        connection.data_received(PREFACE + sent)
        await turns(5)

    served(sink, handle, talk)
    return read(sink.take(), verdict)


def served(
    sink: Sink,
    handle: Callable[[Http2Connection, Stream], Coroutine[Any, Any, None]],
    talk: Callable[[Http2Connection], Coroutine[Any, Any, None]],
) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            host: Any = SimpleNamespace(http2_connections=set(), draining=False, run=tasks.create_task)
            connection = Http2Connection(host, handle)
            connection.connection_made(sink)
            await talk(connection)
            connection.connection_lost(None)

    asyncio.run(main())


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)  # noqa: TID251  # handlers have theirs


def of_h2(sent: bytes) -> Verdict:
    verdict = Verdict()
    connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    try:
        events = connection.receive_data(PREFACE + sent)
    except ProtocolError:
        return read(connection.data_to_send(), verdict)
    for event in events:
        if isinstance(event, RequestReceived):
            verdict.requests[event.stream_id] = Request([(str(name), str(value)) for name, value in event.headers])
        elif isinstance(event, DataReceived):
            verdict.requests[event.stream_id].body += event.data
        elif isinstance(event, StreamEnded):
            verdict.requests[event.stream_id].ended = True
    return read(connection.data_to_send(), verdict)


# -- what clients send -------------------------------------------------------------------------------------------------


def opened(number: int, headers: Fields = REQUEST, flags: int = 0x5) -> bytes:
    return frame(HEADERS, flags, number, Encoder().encode(headers))


def word(value: int) -> bytes:
    return value.to_bytes(4, "big")


BLOCK: Final = Encoder().encode([*REQUEST, ("x", "y" * 30_000)])
GREETED: Final = frame(SETTINGS, 0, 0, b"")
OPEN: Final = GREETED + opened(1, flags=0x4)
CASES: Final[dict[str, bytes]] = {
    "a request": GREETED + opened(1),
    "two requests": GREETED + opened(1) + opened(7),
    "a body": OPEN + frame(DATA, 0, 1, b"abc") + frame(DATA, 1, 1, b"def"),
    "a body that goes on": OPEN + frame(DATA, 0, 1, b"abc"),
    "an empty last frame": OPEN + frame(DATA, 0, 1, b"abc") + frame(DATA, 1, 1, b""),
    "a padded body": OPEN + frame(DATA, 0x9, 1, b"\2abc12"),
    "only padding": OPEN + frame(DATA, 0x9, 1, b"\2.."),
    "padding longer than its frame": OPEN + frame(DATA, 0x9, 1, b"\7abc12"),
    "padding without a length": OPEN + frame(DATA, 0x9, 1, b""),
    "padded headers": GREETED + frame(HEADERS, 0xD, 1, b"\1" + opened(1)[9:] + b"\0"),
    "headers padded too long": GREETED + frame(HEADERS, 0xD, 1, b"\xff" + opened(1)[9:]),
    "headers with a priority": GREETED + frame(HEADERS, 0x25, 1, word(0) + b"\x10" + opened(1)[9:]),
    "headers shorter than their priority": GREETED + frame(HEADERS, 0x25, 1, b"\0\0"),
    "headers in pieces": GREETED
    + frame(HEADERS, 1, 1, BLOCK[:9000])
    + frame(CONTINUATION, 0, 1, BLOCK[9000:20_000])
    + frame(CONTINUATION, 4, 1, BLOCK[20_000:]),
    "a piece of nothing": GREETED + frame(CONTINUATION, 4, 1, b""),
    "a piece of another stream": GREETED
    + frame(HEADERS, 1, 1, BLOCK[:100])
    + frame(CONTINUATION, 4, 3, BLOCK[100:200]),
    "pieces interrupted": GREETED + frame(HEADERS, 1, 1, BLOCK[:100]) + frame(PING, 0, 0, b"12345678"),
    "pieces interrupted by what nobody knows": GREETED + frame(HEADERS, 1, 1, BLOCK[:100]) + frame(77, 0, 0, b""),
    "trailers": OPEN + frame(DATA, 0, 1, b"abc") + opened(1, [("a", "b")]),
    "trailers that are not the end": OPEN + opened(1, [("a", "b")], 0x4),
    "trailers with a pseudo-header": OPEN + opened(1, [(":path", "/y")]),
    "no settings first": opened(1),
    "a frame that nobody knows": GREETED + frame(77, 0, 1, b"x") + opened(1),
    "a frame too large": OPEN + frame(DATA, 1, 1, bytes(16_385)),
    "data of no stream": GREETED + frame(DATA, 1, 0, b"abc"),
    "data of an idle stream": GREETED + frame(DATA, 1, 1, b"abc"),
    "data of a server's stream": OPEN + frame(DATA, 1, 2, b"abc"),
    "data after the end": GREETED + opened(1) + frame(DATA, 1, 1, b"abc"),
    "headers after the end": GREETED + opened(1) + opened(1),
    "headers of no stream": GREETED + opened(0),
    "a stream of an even number": GREETED + opened(2),
    "a stream of a number gone by": GREETED + opened(3) + opened(1),
    "settings": GREETED + frame(SETTINGS, 0, 0, b"\0\4" + word(10)) + opened(1),
    "settings that nobody knows": GREETED + frame(SETTINGS, 0, 0, b"\x0a\x0a" + word(2)) + opened(1),
    "settings of a stream": GREETED + frame(SETTINGS, 0, 1, b""),
    "settings cut off": GREETED + frame(SETTINGS, 0, 0, b"12345"),
    "an answer to settings with settings": GREETED + frame(SETTINGS, 1, 0, b"\0\4" + word(10)),
    "a window too large": GREETED + frame(SETTINGS, 0, 0, b"\0\4" + word(1 << 31)),
    "frames too small": GREETED + frame(SETTINGS, 0, 0, b"\0\5" + word(100)),
    "frames too large": GREETED + frame(SETTINGS, 0, 0, b"\0\5" + word(1 << 24)),
    "a push that is neither": GREETED + frame(SETTINGS, 0, 0, b"\0\2" + word(2)),
    "a ping": GREETED + frame(PING, 0, 0, b"12345678") + opened(1),
    "a ping cut off": GREETED + frame(PING, 0, 0, b"1234"),
    "a ping of a stream": GREETED + frame(PING, 0, 1, b"12345678"),
    "an answer to no ping": GREETED + frame(PING, 1, 0, b"12345678") + opened(1),
    "a reset of an idle stream": GREETED + frame(RST_STREAM, 0, 1, word(8)),
    "a reset of no stream": GREETED + frame(RST_STREAM, 0, 0, word(8)),
    "a reset cut off": OPEN + frame(RST_STREAM, 0, 1, b"1"),
    "a window of the connection": GREETED + frame(WINDOW_UPDATE, 0, 0, word(5)) + opened(1),
    "a window of a stream": OPEN + frame(WINDOW_UPDATE, 0, 1, word(5)),
    "a window that does not grow": GREETED + frame(WINDOW_UPDATE, 0, 0, word(0)),
    "a stream's window that does not grow": OPEN + frame(WINDOW_UPDATE, 0, 1, word(0)),
    "a window of an idle stream": GREETED + frame(WINDOW_UPDATE, 0, 5, word(5)),
    "a window cut off": GREETED + frame(WINDOW_UPDATE, 0, 0, b"1"),
    "a window beyond its limit": GREETED + frame(WINDOW_UPDATE, 0, 0, word((1 << 31) - 1)),
    "a stream's window beyond its limit": OPEN + frame(WINDOW_UPDATE, 0, 1, word((1 << 31) - 1)),
    "a priority": GREETED + frame(PRIORITY, 0, 1, word(0) + b"\x10") + opened(1),
    "a priority cut off": GREETED + frame(PRIORITY, 0, 1, b"1"),
    "a priority of no stream": GREETED + frame(PRIORITY, 0, 0, word(0) + b"\x10"),
    "a push": OPEN + frame(PUSH, 4, 1, word(2) + opened(1)[9:]),
    "an end": GREETED + frame(GOAWAY, 0, 0, word(0) + word(0)),
    "an end of a stream": OPEN + frame(GOAWAY, 0, 1, word(0) + word(0)),
    "an end cut off": GREETED + frame(GOAWAY, 0, 0, b"123"),
    "headers that are none": GREETED + frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"),
    "a table that was not offered": GREETED + frame(HEADERS, 5, 1, b"\x3f\xe1\xff\xff\x0f" + opened(1)[9:]),
    "a body as long as it says": GREETED
    + opened(1, [*REQUEST, ("content-length", "3")], 0x4)
    + frame(DATA, 1, 1, b"abc"),
    "a body shorter than it says": GREETED
    + opened(1, [*REQUEST, ("content-length", "5")], 0x4)
    + frame(DATA, 1, 1, b"abc"),
    "a body longer than it says": GREETED
    + opened(1, [*REQUEST, ("content-length", "2")], 0x4)
    + frame(DATA, 1, 1, b"abc"),
    **{
        f"a request with {what}": GREETED + opened(1, headers)
        for what, headers in {
            "a field": [*REQUEST, ("a", "b")],
            "trailers wanted": [*REQUEST, ("te", "trailers")],
            "a capital letter": [*REQUEST, ("Upper", "x")],
            "no path": [item for item in REQUEST if item[0] != ":path"],
            "no method": [item for item in REQUEST if item[0] != ":method"],
            "no scheme": [item for item in REQUEST if item[0] != ":scheme"],
            "an empty path": [(name, "" if name == ":path" else value) for name, value in REQUEST],
            "two paths": [*REQUEST, (":path", "/y")],
            "a pseudo-header behind a field": [*REQUEST[:3], ("a", "b"), REQUEST[3]],
            "a pseudo-header that nobody knows": [*REQUEST, (":foo", "/y")],
            "a pseudo-header of answers": [*REQUEST, (":status", "200")],
            "a field of connections": [*REQUEST, ("connection", "close")],
            "another te": [*REQUEST, ("te", "gzip")],
            "a field without a name": [*REQUEST, ("", "x")],
            "a line end in a value": [*REQUEST, ("a", "x\ny")],
            "a blank before a value": [*REQUEST, ("a", " x")],
        }.items()
    },
}
BY_THE_RFC: Final = {
    "an answer to settings with settings": 6,
    "headers that are none": 9,
    "a table that was not offered": 9,
}
"""Codes that the RFC names (6.5, 4.3) where h2 says PROTOCOL_ERROR."""


@pytest.mark.parametrize("name", CASES)
def test_what_a_client_sends_is_refused_by_both_or_means_the_same_to_both(name: str) -> None:
    ours, theirs = of_ours(CASES[name]), of_h2(CASES[name])
    assert ours.is_refusal is theirs.is_refusal, (ours, theirs)
    if ours.ended is not None:
        assert ours.ended == BY_THE_RFC.get(name, theirs.ended)
    elif theirs.ended is not None:
        assert ours.refused == {1: theirs.ended}, "a malformed request is its stream's fault alone (RFC 9113 8.1.1)"
    else:
        assert (ours.refused, ours.requests) == (theirs.refused, theirs.requests)


def test_a_missing_announced_body_is_refused_and_invalid_text_ends_the_connection() -> None:
    """h2 requires neither: it leaves the letters to its user, and checks lengths with data alone."""
    assert of_ours(GREETED + opened(1, [*REQUEST, ("content-length", "2")])).refused == {1: 1}
    assert of_ours(GREETED + frame(HEADERS, 5, 1, opened(1)[9:] + b"\0\1a\2\xff\xfe")).ended == 9


def test_a_refused_stream_leaves_the_others() -> None:
    verdict = of_ours(
        GREETED + opened(1, flags=0x4) + opened(3, [*REQUEST, ("Upper", "x")]) + frame(DATA, 1, 1, b"abc")
    )
    assert verdict.refused == {3: 1}
    assert verdict.requests == {1: Request(REQUEST, b"abc", ended=True)}


# -- what servers answer -----------------------------------------------------------------------------------------------


class Answers:
    """What h2 as a client makes of them."""

    def __init__(self, seed: int) -> None:
        self.rng = SeededRng(seed)
        self.client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.client.initiate_connection()
        self.sent: dict[int, tuple[Fields, bytes]] = {}
        self.headers: dict[int, Fields] = {}
        self.bodies: dict[int, bytes] = {}
        self.trailers: dict[int, Fields] = {}
        self.ended = set[int]()

    def ask(self, number: int) -> None:
        fields = [(f"x-{item}", self._text()) for item in range(int(self.rng.uniform(0, 1) * 8))]
        body = self._text().encode() * int(self.rng.uniform(0, 1) * 400)
        self.sent[number] = (fields, body)
        self.client.send_headers(number, [*REQUEST, *fields])
        for at in range(0, len(body), 5000):
            self.client.send_data(number, body[at : at + 5000], pad_length=int(self.rng.uniform(0, 1) * 9) or None)
        self.client.end_stream(number)

    def _text(self) -> str:
        return "".join(chr(97 + int(self.rng.uniform(0, 1) * 26)) for _ in range(int(self.rng.uniform(0, 1) * 300)))

    def hear(self, written: bytes) -> None:
        """Raises where the library finds something wrong."""
        for event in self.client.receive_data(written):
            if isinstance(event, ResponseReceived):
                self.headers[event.stream_id] = [(str(name), str(value)) for name, value in event.headers]
                self.bodies[event.stream_id] = b""
            elif isinstance(event, DataReceived):
                self.bodies[event.stream_id] += event.data
                if event.flow_controlled_length:
                    self.client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, TrailersReceived):
                self.trailers[event.stream_id] = [(str(name), str(value)) for name, value in event.headers]
            elif isinstance(event, StreamEnded):
                self.ended.add(event.stream_id)


@pytest.mark.parametrize("seed", range(15))
def test_what_we_answer_is_what_the_library_reads(seed: int) -> None:
    """Long bodies, small windows, bytes in any pieces: each answer brings back what its request had."""
    answers, sink = Answers(seed), Sink()
    numbers = [2 * number + 1 for number in range(6)]

    async def handle(connection: Http2Connection, stream: Stream) -> None:
        body = b"".join([data async for data in connection.received(stream)])
        connection.send_headers(stream, [(":status", "200"), ("content-type", "x"), *stream.headers[4:]])
        await connection.send_data(stream, body)
        connection.send_headers(stream, [("grpc-status", "0")], last=True)

    async def talk(connection: Http2Connection) -> None:
        answers.hear(sink.take())
        if seed % 3 == 0:
            answers.client.update_settings({4: 1000 + seed, 5: 16_384 + seed})
        for number in numbers:
            answers.ask(number)
        for _ in range(5000):
            for piece in pieces(answers.client.data_to_send(), answers.rng):
                connection.data_received(piece)
            await turns(3)
            if written := sink.take():
                answers.hear(written)
            elif len(answers.ended) == len(numbers):
                return
        raise AssertionError(f"only {sorted(answers.ended)} ended")

    served(sink, handle, talk)
    for number, (fields, body) in answers.sent.items():
        assert answers.headers[number] == [(":status", "200"), ("content-type", "x"), *fields]
        assert answers.bodies[number] == body
        assert answers.trailers[number] == [("grpc-status", "0")]


def pieces(sent: bytes, rng: SeededRng) -> list[bytes]:
    """As a network cuts it."""
    found = []
    while sent:
        size = 1 + int(rng.uniform(0, 1) ** 3 * 30_000)
        found.append(sent[:size])
        sent = sent[size:]
    return found
