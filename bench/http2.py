"""Our HTTP/2 and the library that it replaces (h2): processor time of one unary gRPC call, in one process and run.

Both are given the bytes that the same client sends, and answer headers, a message and trailers; no socket is in
between. Prints microseconds a call for each, and how many times the library costs. Exits with 1 where own code is no
cheaper, for then it has no reason to be (the test `tests/server/transport/test_http2_agreement.py` keeps both at one).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from hpack import Encoder

from argosy.server.transport.http2 import Http2Connection
from argosy.server.transport.http2_frames import DATA, HEADERS, PREFACE, SETTINGS, frame
from argosy.server.transport.http2_streams import Stream

CALLS: Final = 4000
AT_ONCE: Final = 16
ROUNDS: Final = 5
MESSAGE: Final = b"\0\0\0\0\x0b\n\tapp-00001"
ANSWER: Final = b"\0" + (1500).to_bytes(4, "big") + bytes(1500)
FIRST: Final = (("content-type", "application/grpc"),)
LAST: Final = (("grpc-status", "0"),)
ACCEPTED: Final = 0x4
ENDED: Final = 0x1
ROOM: Final = (1 << 31) - 1 - 65_535


def main() -> None:
    ours, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):
        ours.append(asyncio.run(own()))
        theirs.append(library())
    own_cost, library_cost = min(ours) / CALLS * 1e6, min(theirs) / CALLS * 1e6
    print(f"a unary call: {own_cost:.1f} us of the processor, with h2 {library_cost:.1f} us", flush=True)
    print(f"  h2 costs {library_cost / own_cost:.1f} times as much                    > 1", flush=True)
    if library_cost <= own_cost:
        raise SystemExit("own HTTP/2 is no cheaper than h2")


def sent() -> Iterator[bytes]:
    """What a client sends: some calls at a time, as they share a segment."""
    encoder = Encoder()
    pieces = list[bytes]()
    for call in range(CALLS):
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/application.ApplicationService/Get"),
            (":authority", "127.0.0.1:8080"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("token", "t" * 200),
        ]
        number = 2 * call + 1
        pieces += (
            frame(HEADERS, ACCEPTED, number, encoder.encode(headers)),
            frame(DATA, ENDED, number, MESSAGE),
        )
        if len(pieces) == 2 * AT_ONCE:
            yield b"".join(pieces)
            pieces.clear()


def greeting() -> bytes:
    return PREFACE + frame(SETTINGS, 0, 0, b"") + frame(8, 0, 0, ROOM.to_bytes(4, "big"))


async def own() -> float:
    done = 0

    async def handle(connection: Http2Connection, stream: Stream) -> None:
        nonlocal done
        async for _ in connection.received(stream):
            pass
        assert connection.room(stream, len(ANSWER))
        connection.transport.write(
            connection.headers_frame(stream, [(":status", "200"), *FIRST])
            + connection.data_frame(stream, ANSWER)
            + connection.headers_frame(stream, LAST, last=True)
        )
        done += 1

    async with asyncio.TaskGroup() as tasks:
        host: Any = SimpleNamespace(http2_connections=set(), draining=False, run=tasks.create_task)
        connection = Http2Connection(host, handle)
        connection.connection_made(Sink())
        connection.data_received(greeting())
        pieces = [*sent()]
        begun = time.process_time()
        for number, piece in enumerate(pieces, 1):
            connection.data_received(piece)
            while done < number * AT_ONCE:  # noqa: ASYNC110
                await asyncio.sleep(0)  # noqa: TID251  # handlers have their turn
        took = time.process_time() - begun
        connection.connection_lost(None)
    return took


def library() -> float:
    connection, sink = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8")), Sink()
    connection.initiate_connection()
    connection.receive_data(greeting())
    sink.write(connection.data_to_send())
    pieces = [*sent()]
    begun = time.process_time()
    for piece in pieces:
        ended, received = list[int](), dict[int, bytes]()
        for event in connection.receive_data(piece):
            if isinstance(event, RequestReceived):
                received[event.stream_id] = b""
            elif isinstance(event, DataReceived):
                received[event.stream_id] += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                ended.append(event.stream_id)
        for number in ended:
            connection.send_headers(number, [(":status", "200"), *FIRST])
            connection.send_data(number, ANSWER)
            connection.send_headers(number, LAST, end_stream=True)
            sink.write(connection.data_to_send())
    return time.process_time() - begun


class Sink(asyncio.Transport):
    """Takes everything."""

    def write(self, data: Any) -> None: ...

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def abort(self) -> None: ...


if __name__ == "__main__":
    main()
