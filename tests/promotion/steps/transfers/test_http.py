"""`http` reads an untrusted answer, and evaluates expressions on it outside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from argosy.promotion.steps import workspace
from argosy.promotion.steps.kind import Result, Status
from argosy.promotion.steps.transfers import http
from tests.kit.scripted_http import ScriptedHttp
from tests.kit.step_tools import step, step_tools


@pytest.mark.parametrize(
    ("body", "content_type", "expression", "status"),
    [
        (b"- a\n" * 1000, "application/yaml", "len(response.body) == 1000", Status.SUCCEEDED),
        (b"[" + b"1," * 1000 + b"1]", "application/json", "sum(response.body) == 1001", Status.SUCCEEDED),
        (b"[1]", "application/json", "sum(response.body) == 2", Status.RUNNING),
    ],
)
def test_an_answer_is_read_and_judged_outside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes, content_type: str, expression: str, status: Status
) -> None:
    """As long as that takes (seconds, of a megabyte), everybody else is served."""
    places = dict[str, str]()
    for name in ("_parsed", "_holds", "_outputs"):
        monkeypatch.setattr(http, name, noting(places, name, getattr(http, name)))

    async def scenario() -> Result:
        async with ScriptedHttp(lambda asked: (200, body)).running() as server, step_tools() as tools:
            config = {"url": server.url, "responseContentType": content_type, "successExpression": expression}
            return await http.run(step("http", tmp_path, tools, config))

    assert asyncio.run(scenario()).status == status
    assert {"_parsed", "_holds"} <= places.keys()
    assert threading.main_thread().name not in places.values()


def noting(places: dict[str, str], name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*given: Any) -> Any:
        places[name] = threading.current_thread().name
        return work(*given)

    return noted


def test_a_body_is_read_from_a_file_outside_the_event_loop_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = dict[str, str]()
    monkeypatch.setattr(http, "read_text", noting(places, "read_text", workspace.read_text))

    async def scenario() -> None:
        async with ScriptedHttp(lambda asked: (200, {})).running() as server, step_tools() as tools:
            run = step("http", tmp_path, tools, {"url": server.url, "method": "POST", "bodyFromFile": "a.txt"})
            (run.directory / "a.txt").write_text("hello")
            assert (await http.run(replace(run))).status == Status.SUCCEEDED
            assert server.asked[0].body == b"hello"

    asyncio.run(scenario())
    assert threading.main_thread().name not in places.values()
