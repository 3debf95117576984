"""What a block raises is caught by its own class."""

from __future__ import annotations

import asyncio

import pytest

from argosy.runtime.groups import task_group


async def _fails(error: Exception) -> None:
    raise error


def test_the_blocks_own_error_leaves_it_unwrapped_and_its_tasks_are_cancelled() -> None:
    async def story() -> None:
        forever = None
        cause = KeyError("why")
        with pytest.raises(OSError, match="in use") as caught:
            async with task_group() as tasks:
                forever = tasks.create_task(asyncio.Event().wait())
                raise OSError("in use") from cause
        assert caught.value.__cause__ is cause
        assert forever is not None
        assert forever.cancelled()

    asyncio.run(story())


def test_an_error_of_a_task_stays_in_a_group() -> None:
    async def story() -> None:
        async with task_group() as tasks:
            tasks.create_task(_fails(ValueError("theirs")))

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(story())
    assert [str(error) for error in caught.value.exceptions] == ["theirs"]


def test_nothing_is_lost_when_the_block_and_a_task_fail() -> None:
    async def fails_at_its_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await _fails(ValueError("theirs"))

    async def story() -> None:
        async with task_group() as tasks:
            tasks.create_task(fails_at_its_end())
            await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop, so that it waits
            raise OSError("ours")

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(story())
    assert {str(error) for error in caught.value.exceptions} == {"theirs", "ours"}


def test_a_cancelled_block_is_cancelled() -> None:
    async def story() -> None:
        async with asyncio.timeout(0), task_group():
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(story())
