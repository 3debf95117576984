"""A group that is ending takes no more tasks, and what is dropped leaves no coroutine that nobody awaited."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from argosy.runtime.engine.late_tasks import begin


async def _work(done: list[str]) -> None:
    done.append("work")


async def _fails() -> None:
    raise OSError("gone")


def test_work_begins_in_a_group_that_runs() -> None:
    done: list[str] = []

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            begin(tasks, _work(done), "work")

    asyncio.run(main())
    assert done == ["work"]


def test_work_without_a_group_is_closed() -> None:
    work = _work([])
    begin(None, work, "work")
    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED


def test_work_is_closed_when_another_task_of_its_group_has_failed() -> None:
    done: list[str] = []
    work = _work(done)

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_fails())
            try:
                await asyncio.Event().wait()
            finally:
                begin(tasks, work, "work")

    with pytest.raises(ExceptionGroup):
        asyncio.run(main())
    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED
    assert not done
