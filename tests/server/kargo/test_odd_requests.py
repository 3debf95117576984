"""Every endpoint of Kargo's API with what no client should send: it is refused as the request's fault, with a text."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from argosy.cluster.http.exchange import Chunks
from tests.kit.kargo_api import KargoApi
from tests.kit.promotion import PromotionWorld

NAMES: Final = ("none", "a%2Fb", "..", "%00", "UPPER", "x" * 300, "%F0%9F%9A%A2", "a%20b", "'\"<", "*")
BODIES: Final = (
    "",
    "{",
    "null",
    "[]",
    "7",
    '"text"',
    "{}",
    '{"freight": 7}',
    '{"freight": ["a"], "metadata": "x"}',
    '{"metadata": {"name": 7}}',
    '{"metadata": {"name": null, "labels": 3}, "spec": []}',
    '{"name": {}, "data": "x", "rules": "all", "claims": 3}',
    "\x00\x01",
)
TOLD_AS_RECORDED: Final = frozenset(
    {
        "/projects/{project}/stages/{stage}/verification",
        "/projects/{project}/stages/{stage}/verification/abort",
        "/projects/{project}/promotions/{promotion}/abort",
    }
)
"""Upstream answers 500 for a Stage or a Promotion that is not there, and clients print it: data/kargo/cli."""
NOT_OURS: Final = frozenset({501})
"""A part that the settings have switched off."""


def targets(path: str) -> Iterator[str]:
    """In a project that is there, with each odd name; and in one that is odd."""
    places = re.findall(r"\{[\w-]+\}", path)
    for name in NAMES:
        yield re.sub(r"\{[\w-]+\}", name, path.replace("{project}", "demo"))
    if "{project}" in places:
        for name in NAMES[:4]:
            yield re.sub(r"\{[\w-]+\}", "none", path.replace("{project}", name))


def answers(api: KargoApi) -> Iterator[tuple[str, str, str, int, Any]]:
    """(method, declared path, body, status, answer); answers that are streams are closed unread."""
    for endpoint in api.router.endpoints:
        bodies = ("",) if endpoint.method in ("GET", "DELETE") and not endpoint.path.endswith("/resources") else BODIES
        for at, target in enumerate(targets(endpoint.path)):
            for body in bodies if at == 0 else bodies[:2]:
                api.world.pass_time(0.1)  # within what one may ask in a second
                response = api.send(endpoint.method, f"/v1beta1{target}", body or None)
                if not isinstance(response.body, bytes):
                    api.world.run(closed(response.body))
                    continue
                yield endpoint.method, endpoint.path, body, response.status, parsed(response.body)


async def closed(stream: Chunks) -> None:
    await stream.aclose()


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body or b"null")
    except ValueError:
        return body.decode(errors="replace")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[KargoApi]:
    """A world of its own: what is asked here may change anything."""
    with PromotionWorld(tmp_path) as world, KargoApi(world) as made:
        world.project("demo")
        made.sign_in()
        yield made


def test_what_no_client_should_send_is_refused_as_the_requests_fault(
    own: KargoApi, caplog: pytest.LogCaptureFixture
) -> None:
    api = own
    caplog.set_level(logging.ERROR)
    asked, wrong = 0, list[str]()
    for method, path, body, status, answer in answers(api):
        asked += 1
        as_recorded = status == 500 and path in TOLD_AS_RECORDED
        if status >= 500 and status not in NOT_OURS and not as_recorded:
            wrong.append(f"{method} {path} {body!r}: {status} {answer}")
        if status >= 400 and not (isinstance(answer, dict) and answer.get("error")):
            wrong.append(f"{method} {path} {body!r}: {status} without a text: {answer!r}")
    assert wrong == []
    assert asked > 1000
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
