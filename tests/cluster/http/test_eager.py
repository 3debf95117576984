"""Streams that are begun at once: refusals come early, and nothing that was begun is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from argosy.cluster.http.eager import Begun, BegunStream
from argosy.machinery.status import StatusError


class Source:
    def __init__(self, *items: bytes | StatusError, waits: bool = True) -> None:
        self.items = list(items)
        self.waits = waits
        self.open = False

    async def read(self) -> AsyncIterator[bytes]:
        self.open = True
        try:
            for item in self.items:
                if self.waits:
                    waiting = asyncio.get_running_loop().create_future()
                    asyncio.get_running_loop().call_soon(waiting.set_result, None)
                    await waiting
                if isinstance(item, StatusError):
                    raise item
                yield item
        finally:
            self.open = False


async def _all(stream: BegunStream[bytes]) -> list[bytes]:
    return [chunk async for chunk in stream]


def same(chunk: bytes) -> bytes:
    return chunk


def test_what_is_refused_before_the_first_wait_is_raised_at_once() -> None:
    async def main() -> None:
        source = Source(StatusError(400, "BadRequest", "no"), waits=False)
        with pytest.raises(StatusError):
            BegunStream(source.read(), same, lambda: True)
        assert not source.open

    asyncio.run(main())


@pytest.mark.parametrize("waits", [True, False])
def test_all_items_come_through_and_a_later_refusal_is_the_last_chunk(*, waits: bool) -> None:
    async def main() -> None:
        source = Source(b"a", b"b", StatusError(410, "Expired", "old"), waits=waits)
        stream = BegunStream(source.read(), same, lambda: True, lambda error: error.message.encode())
        assert await _all(stream) == [b"a", b"b", b"old"]
        await stream.aclose()
        assert not source.open

    asyncio.run(main())


def test_a_stream_that_was_begun_and_never_read_gives_back_what_it_holds() -> None:
    async def main() -> None:
        source = Source(b"a")
        stream = BegunStream(source.read(), same, lambda: True)
        assert source.open
        await stream.aclose()
        assert not source.open

    asyncio.run(main())


def test_no_chunk_follows_the_loss_of_the_right() -> None:
    async def main() -> None:
        allowed = True
        stream = BegunStream(Source(b"a", b"b").read(), same, lambda: allowed)
        assert await anext(stream) == b"a"
        allowed = False
        assert await _all(stream) == []
        await stream.aclose()

    asyncio.run(main())


def test_a_cancelled_wait_ends_the_source() -> None:
    async def main() -> None:
        source = Source(b"a")
        source.items = []
        never = asyncio.get_running_loop().create_future()

        async def stuck() -> AsyncIterator[bytes]:
            source.open = True
            try:
                await never
                yield b""
            finally:
                source.open = False

        stream = BegunStream(stuck(), same, lambda: True)
        with pytest.raises(asyncio.TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(stream)
        assert not source.open
        await stream.aclose()

    asyncio.run(main())


def test_what_needs_no_wait_is_done_when_it_was_begun() -> None:
    async def main() -> None:
        async def five() -> int:
            return 5

        begun = Begun(five())
        assert begun.done
        assert await begun == 5

    asyncio.run(main())
