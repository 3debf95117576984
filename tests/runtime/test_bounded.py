"""Several pieces of work at once, but not too many."""

from __future__ import annotations

import asyncio

import pytest

from argosy.runtime.bounded import run_bounded
from argosy.runtime.clock import RealClock


def test_no_more_than_allowed_are_open_and_one_failure_breaks_off_no_other() -> None:
    now, most, done = 0, 0, []

    async def piece(number: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)  # noqa: TID251 a turn of the loop, no time
        now -= 1
        if number in (3, 5):
            raise ValueError(number)
        done.append(number)

    with pytest.raises(ValueError, match="3"):
        asyncio.run(run_bounded(((lambda n=n: piece(n)) for n in range(20)), 4, RealClock()))  # type: ignore[misc]
    assert most == 4
    assert sorted(done) == [n for n in range(20) if n not in (3, 5)]
