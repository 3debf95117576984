"""The client is of today, and both forms of it speak with a real server on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from argosy.client import ApiError, AsyncClient, Client, Event, Unreachable
from argosy.client.transport import Events, answer, target
from argosy.machinery import requests
from argosy.machinery.objects import Key
from tests.kit.argocd_server import SECRETS, Api, argocd_server

ROOT = Path(__file__).parents[2]


def test_the_client_is_of_today() -> None:
    done = subprocess.run([sys.executable, "scripts/client.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_values_of_a_path_and_a_query_are_escaped_and_empty_ones_left_out() -> None:
    found = target("/x/{}/{}", ("a/b", "c d"), {"search": "", "state": ["x&y", "z"], "limit": 0})
    assert found == "/api/argosy/v1/x/a%2Fb/c%20d?state=x%26y&state=z&limit=0"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b'{"error": {"code": "NOT_FOUND", "message": "no x"}}', "NOT_FOUND: no x"),
        (502, b"<html>bad gateway</html>", "UNKNOWN: <html>bad gateway</html>"),
        (400, b'{"error": "a text"}', "UNKNOWN: a text"),
    ],
)
def test_a_refusal_is_an_error_with_its_status_and_text(status: int, body: bytes, said: str) -> None:
    with pytest.raises(ApiError, match=said) as caught:
        answer(status, body)
    assert caught.value.status == status


def test_events_are_read_line_by_line_and_signs_of_life_are_none() -> None:
    reading = Events()
    lines = ["id: 1", "event: snapshot", 'data: {"a": 1}', "", ": still here", "", "event: ended", "data: {}", ""]
    assert [event for line in lines if (event := reading.feed(line))] == [
        Event("snapshot", {"a": 1}),
        Event("ended", {}),
    ]


@pytest.mark.parametrize("url", ["", "argosy.example.com", "ftp://x", "https://"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        Client(url)


def test_a_server_that_does_not_answer_is_reported() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable, match="127"):
        client.get_me()


def test_the_token_is_in_no_text() -> None:
    assert "hunter2" not in repr(Client("http://127.0.0.1:9", "hunter2")._server)


def test_both_forms_ask_a_real_server(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await asyncio.to_thread(_waiting, api.server.url, api.token)
            await _awaiting(api)

    asyncio.run(scenario())


def _waiting(url: str, token: str) -> None:
    with Client(url, token) as client:
        assert client.get_me()["username"] == "admin"
        right: Any = {"resource": "applications", "action": "get", "object": "default/x"}
        assert client.post_rights({"rights": [right]})["allowed"] == [True]
        assert client.get_applications(sort="-name", limit=5)["rows"] == []
        with pytest.raises(ApiError) as caught:
            client.get_freight_namespace_name_trace("a", "b/c")
        assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")
        with pytest.raises(ApiError, match="sort"):
            client.get_applications(sort="colour")
        assert next(iter(client.get_stream_applications())).name == "snapshot"
    with Client(url) as nobody, pytest.raises(ApiError) as caught:
        nobody.get_home()
    assert caught.value.status == 401


async def _awaiting(api: Api) -> None:
    from argosy.server.configuration import decoded

    secret = requests.Get(SECRETS, Key("argocd", "argocd-initial-admin-secret"))
    initial = decoded(await api.cluster.client.get(secret))
    async with await AsyncClient.signed_in(api.server.url, "admin", initial["password"]) as client:
        assert (await client.get_me())["signedIn"]
        with pytest.raises(ApiError) as caught:
            await client.get_certificates_namespace_name_story("a", "b")
        assert caught.value.status == 404
        async for event in client.get_stream_applications(limit=3):
            assert event.name == "snapshot"
            break
    with pytest.raises(ApiError, match="Invalid username or password"):
        await AsyncClient.signed_in(api.server.url, "admin", "wrong")
