from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import RealClock
from argosy.server.api.live.application_logs import READ_AHEAD, Lines, LogEvents
from argosy.server.calls import NOBODY, Call
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, invalid

Reading = Callable[[], AsyncGenerator[JsonObject, None]]


def entry(text: str, *, last: bool = False) -> JsonObject:
    return {"timeStampStr": "2026-01-01T00:00:00.5Z", "podName": "web-1", "content": text, "last": last}


def events_of(read: Reading) -> LogEvents:
    context = cast(ServerContext, SimpleNamespace(clock=RealClock()))
    call = Call(method="GET", request={}, caller=NOBODY, enforcer=cast(Any, SimpleNamespace))
    return LogEvents(context, call, Lines(read))


async def settled() -> None:
    for _ in range(3 * READ_AHEAD):
        await asyncio.sleep(0)  # noqa: TID251  # lets others run, without time


def told(state: tuple[bytes, bytes] | None) -> tuple[str, Any]:
    assert state is not None
    return state[0].decode(), json.loads(state[1])


def test_lines_follow_an_empty_snapshot_and_the_end_is_reported() -> None:
    async def read() -> AsyncGenerator[JsonObject, None]:
        yield entry("one")
        yield entry("two")
        yield entry("", last=True)

    async def scenario() -> None:
        events = events_of(read)
        assert told(await events.state()) == ("snapshot", {"ended": False})
        await settled()
        name, body = told(await events.state())
        assert (name, body["ended"]) == ("patch", True)
        assert body["appended"] == [
            {"at": "2026-01-01T00:00:00.5Z", "pod": "web-1", "text": text} for text in ("one", "two")
        ]
        await events.aclose()

    asyncio.run(scenario())


def test_nothing_is_read_before_the_first_state_and_no_more_than_a_page_takes() -> None:
    given: list[int] = []
    closed: list[bool] = []

    async def read() -> AsyncGenerator[JsonObject, None]:
        try:
            for number in range(10 * READ_AHEAD):
                given.append(number)
                yield entry(str(number))
        finally:
            closed.append(True)

    async def scenario() -> None:
        events = events_of(read)
        await settled()
        assert given == []
        await events.state()
        await settled()
        assert len(given) == READ_AHEAD
        assert len(told(await events.state())[1]["appended"]) == READ_AHEAD
        await settled()
        assert len(given) == 2 * READ_AHEAD
        await events.aclose()
        assert closed == [True]

    asyncio.run(scenario())


def test_an_error_is_reported_after_the_lines_before_it() -> None:
    async def read() -> AsyncGenerator[JsonObject, None]:
        yield entry("one")
        raise invalid("too many Pods")

    async def scenario() -> None:
        events = events_of(read)
        await events.state()
        await settled()
        assert [one["text"] for one in told(await events.state())[1]["appended"]] == ["one"]
        assert events.due_in() is not None
        with pytest.raises(ApiError, match="too many Pods"):
            await events.state()
        await events.aclose()

    asyncio.run(scenario())


def test_a_source_that_breaks_is_unavailable_and_its_text_is_not_repeated() -> None:
    async def read() -> AsyncGenerator[JsonObject, None]:
        yield entry("one")
        raise ValueError("hush-hush")

    async def scenario() -> None:
        events = events_of(read)
        await events.state()
        await settled()
        await events.state()
        with pytest.raises(ApiError, match="the logs cannot be read: ValueError") as caught:
            await events.state()
        assert caught.value.http_status == 503
        assert "hush-hush" not in caught.value.message
        await events.aclose()

    asyncio.run(scenario())
