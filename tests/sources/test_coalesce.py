"""Outside work shared by those who ask at the same time."""

from __future__ import annotations

import asyncio

import pytest

from argosy.sources.coalesce import Turns


def test_who_asks_while_a_turn_runs_shares_the_next_one() -> None:
    async def main() -> None:
        turns: Turns[int] = Turns()
        gate = asyncio.Event()
        began = 0

        async def work() -> int:
            nonlocal began
            began += 1
            mine = began
            await gate.wait()
            return mine

        loop = asyncio.get_running_loop()
        first = loop.create_task(turns.share("key", work))
        while not began:
            await asyncio.wait([first], timeout=0.01)
        late = [loop.create_task(turns.share("key", work)) for _ in range(10)]
        other = loop.create_task(turns.share("other", work))
        await asyncio.wait([other], timeout=0.01)
        gate.set()
        assert await first == 1
        assert {await task for task in late} == {3}
        assert await other == 2

    asyncio.run(main())


def test_an_error_is_for_all_who_share_it_and_for_nobody_after() -> None:
    async def main() -> None:
        turns: Turns[int] = Turns()
        fails = True

        async def work() -> int:
            if fails:
                raise ValueError("not now")
            return 1

        found = await asyncio.gather(*(turns.share("key", work) for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in found] == [ValueError] * 3
        fails = False
        assert await turns.share("key", work) == 1

    asyncio.run(main())


def test_when_who_began_is_cancelled_another_begins_again() -> None:
    async def main() -> None:
        turns: Turns[int] = Turns()
        gate = asyncio.Event()
        began = 0

        async def work() -> int:
            nonlocal began
            began += 1
            await gate.wait()
            return began

        loop = asyncio.get_running_loop()
        holder = loop.create_task(turns.share("key", work))
        await asyncio.wait([holder], timeout=0.01)
        owner = loop.create_task(turns.share("key", work))
        sharer = loop.create_task(turns.share("key", work))
        await asyncio.wait([owner, sharer], timeout=0.01)
        owner.cancel()
        await asyncio.wait([owner], timeout=1)
        gate.set()
        assert await holder == 1
        assert await sharer == 2
        with pytest.raises(asyncio.CancelledError):
            await owner

    asyncio.run(main())
