"""Of an error that nobody expected its text is never shown: it may quote what was at hand, a Secret perhaps."""

from __future__ import annotations

import logging

import pytest

from argosy.machinery.controller import NOTHING, Controller, Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described, shown
from argosy.runtime.clients.fencing import FencedOff
from argosy.runtime.http.exchange import Unreachable
from tests.kit.engine import EngineWorld
from tests.kit.world import CONFIG_MAPS, config_map

SECRET = "hunter2-b64-aHVudGVyMg=="
RAISED = [
    ValueError(f"cannot decode {SECRET}"),
    OSError(f"odd {SECRET}"),
    ExceptionGroup(SECRET, [KeyError(SECRET)]),
    StatusError(422, "Invalid", f"data: Invalid value: {SECRET}"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_neither_the_log_nor_what_is_kept_of_a_failure_holds_the_error_s_text(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:

    def look(snapshot: Snapshot, key: Key) -> object:
        raise error

    async def part() -> None:
        raise error

    controller = Controller[object](name="test", kind=CONFIG_MAPS, look=look, decide=lambda seen, now: NOTHING)
    with EngineWorld([controller]) as world, caplog.at_level(logging.DEBUG):
        world.supervisor.add("part", part)
        world.create(config_map("a"))
        world.pass_time(1)
        shown = [failing.error for failing in world.engine.failing.values()]
        shown += [item.last_error for item in world.supervisor.parts]
    assert len(shown) > 1
    assert SECRET not in caplog.text
    assert not [text for text in shown if SECRET in text]
    assert described(error) in caplog.text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Unreachable("https://c.example: no answer in time"), "https://c.example: no answer in time"),
        (StatusError(403, "Forbidden", "pods is forbidden"), "pods is forbidden"),
        (ExceptionGroup("", [FencedOff("create a: the lease is not valid")]), "create a: the lease is not valid"),
        (ValueError(SECRET), "ValueError"),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: Connection refused"),
    ],
)
def test_what_was_written_for_users_is_said_to_them(error: Exception, text: str) -> None:
    assert shown(error) == text
