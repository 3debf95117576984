"""Logs of a verification arrive while they are written, in the letters that they were written in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from argosy.runtime.clock import RealClock
from argosy.server.kargo.analysis.following import Decoding, event, followed
from argosy.server.kargo.faults import Fault
from argosy.sources.egress import Egress, EgressPolicy

Writes = Callable[[web.StreamResponse], Awaitable[None]]


@asynccontextmanager
async def log_server(writes: Writes, content_type: str = "text/plain", status: int = 200) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Type": content_type})
        await response.prepare(request)
        await writes(response)
        return response

    app = web.Application()
    app.router.add_get("/log", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/log"
    finally:
        await runner.cleanup()


async def read(url: str, heard: Callable[[str], None] = lambda _: None) -> str:
    egress = Egress(EgressPolicy(allow_loopback=True))
    found = ""
    try:
        async for message in await followed(egress, RealClock(), url, {}):
            found += str(message["chunk"])
            heard(found)
    finally:
        await egress.close()
    return found


def test_a_piece_is_sent_before_the_next_one_is_written() -> None:
    async def story() -> str:
        came = asyncio.Event()

        async def writes(response: web.StreamResponse) -> None:
            await response.write(b"first\n")
            await came.wait()  # forever, if the reader got nothing before the end
            await response.write(b"second\n")

        def heard(text: str) -> None:
            if text == "first\n":
                came.set()

        async with log_server(writes) as url:
            return await asyncio.wait_for(read(url, heard), 60)

    assert asyncio.run(story()) == "first\nsecond\n"


def test_a_reader_that_leaves_ends_the_reading() -> None:
    async def story() -> None:
        ended = asyncio.Event()

        async def writes(response: web.StreamResponse) -> None:
            try:
                while True:
                    await response.write(b"again\n" * 10_000)
                    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            finally:
                ended.set()

        async with log_server(writes) as url:
            egress = Egress(EgressPolicy(allow_loopback=True))
            chunks = await followed(egress, RealClock(), url, {})
            await anext(chunks)
            await chunks.aclose()
            await asyncio.wait_for(ended.wait(), 60)
            await egress.close()

    asyncio.run(story())


@pytest.mark.parametrize("status", [204, 404, 500])
def test_what_is_no_log_is_reported_before_anything_is_sent(status: int) -> None:
    async def story() -> str:
        async def writes(response: web.StreamResponse) -> None: ...

        async with log_server(writes, status=status) as url:
            return await read(url)

    with pytest.raises(Fault, match=f"the log server answers {status}") as caught:
        asyncio.run(story())
    assert caught.value.code == 502


def test_a_log_that_breaks_off_says_so_after_what_was_read() -> None:
    async def story() -> list[str]:
        heard: list[str] = []

        async def writes(response: web.StreamResponse) -> None:
            await response.write(b"half")
            transport = response._req.transport if response._req else None
            assert transport is not None
            while "half" not in heard:
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            transport.abort()

        async with log_server(writes) as url:
            with pytest.raises(Fault, match="the log breaks off"):
                await asyncio.wait_for(read(url, heard.append), 60)
        return heard

    assert asyncio.run(story()) == ["half"]


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("", "größer ✓\n".encode()),
        ("iso-8859-1", "größer\n".encode("iso-8859-1")),
        ("utf-16", "größer ✓\n".encode("utf-16-be")),
        ("utf-16le", "größer ✓\n".encode("utf-16-le")),
        ("klingon", "größer ✓\n".encode()),
        ("", b"\xff\xfe" + "größer ✓\n".encode("utf-16-le")),
        ("", b"\xfe\xff" + "größer ✓\n".encode("utf-16-be")),
        ("", b"\xef\xbb\xbf" + "größer ✓\n".encode()),
    ],
)
def test_the_charset_is_that_of_the_answer_or_of_its_mark(charset: str, body: bytes) -> None:
    async def story() -> str:
        async def writes(response: web.StreamResponse) -> None:
            await response.write(body)

        async with log_server(writes, f"text/plain; charset={charset}" if charset else "text/plain") as url:
            return await read(url)

    assert asyncio.run(story()) in ("größer ✓\n", "größer\n")


def test_a_letter_or_a_line_end_in_two_pieces_is_one() -> None:
    text = Decoding()
    pieces = ["é✓\r\nz\r".encode()[at : at + 1] for at in range(9)]
    told = [text.decoded(piece) for piece in pieces] + [text.decoded(b"", is_last=True)]
    assert "".join(told) == "é✓\r\nz\r"
    assert "\r\n" in told


def test_nothing_in_a_log_ends_an_event() -> None:
    assert event({"chunk": "a\r\n\r\nevent: error\rb\n"}) == b"data: a\ndata: \ndata: event: error\ndata: b\ndata: \n\n"
