"""Of an error that nobody expected its text is never shown: it may quote what was at hand, a Secret perhaps."""

from __future__ import annotations

import logging

import pytest

from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described, said
from argosy.observe.metrics import Registry
from argosy.runtime.clients.fencing import FencedOff
from argosy.runtime.controller import Controller, Outcome
from argosy.runtime.http.exchange import Unreachable
from tests.kit.world import World

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
    with World() as world, caplog.at_level(logging.DEBUG):

        async def reconcile(key: Key) -> Outcome:
            raise error

        async def part() -> None:
            raise error

        controller = Controller("test", reconcile, clock=world.clock, rng=world.rng, registry=Registry())
        world.supervisor.add_controller(controller)
        world.supervisor.add("part", part)
        controller.enqueue(Key("ns", "a"))
        world.pass_time(1)
        shown = [controller.failing[Key("ns", "a")].error, *(item.last_error for item in world.supervisor.parts)]
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
    assert said(error) == text
