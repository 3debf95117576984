"""The web metric: any JSON over HTTP, a path into it, and what is not JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, measure


@pytest.mark.parametrize(
    ("body", "path", "value", "text"),
    [
        ({"a": 1}, "", {"a": 1.0}, '{"a":1}'),
        ({"data": {"ok": True}}, "{$.data.ok}", True, "true"),
        ({"a": [{"v": 1.5}, {"v": 2}]}, "{$.a[1].v}", 2.0, "2"),
        ({"a": [1, 2]}, "{$.a}", [1.0, 2.0], "[1,2]"),
        ({"items": [{"n": "x", "v": 3}]}, '{.items[?(@.n=="x")].v}', 3.0, "3"),
        ({"s": "<ok>"}, "{$.s}", "<ok>", '"\\u003cok\\u003e"'),
        ({"a": None}, "{$.a}", None, "null"),
        ("true", "{$}", True, "true"),
        ("plain text", "{$.a}", "plain text", "plain text"),
    ],
)
def test_the_value_at_the_path_is_measured(body: Any, path: str, value: Any, text: str) -> None:
    answer, _ = measure("web", {"url": f"{HERE}/m", **({"jsonPath": path} if path else {})}, body)
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == (value, text)
    assert type(answer.value) is type(value)


def test_a_body_is_sent_by_post_and_put_with_its_headers() -> None:
    headers = [{"key": "X-Token", "value": "t"}, {"key": "Content-Type", "value": "text/x"}]
    _, asked = measure("web", {"url": f"{HERE}/m", "method": "PUT", "body": "a=1", "headers": headers}, {})
    assert (asked[0].method, asked[0].text) == ("PUT", "a=1")
    assert (asked[0].headers["X-Token"], asked[0].headers["Content-Type"]) == ("t", "text/x")
    _, asked = measure("web", {"url": f"{HERE}/m", "method": "POST", "jsonBody": {"a": [1]}}, {})
    assert (asked[0].json, asked[0].headers["Content-Type"]) == ({"a": [1]}, "application/json")


def test_a_token_is_fetched_first_and_a_server_that_wants_it_in_the_form_gets_it_there() -> None:
    oauth2 = {"tokenUrl": f"{HERE}/token", "clientId": "id", "clientSecret": "s"}
    spec = {"url": f"{HERE}/m", "authentication": {"oauth2": oauth2}}
    _, asked = measure("web", spec, 401, {"access_token": "t"}, {})
    assert parse_qs(asked[1].text)["client_secret"] == ["s"]
    assert asked[2].headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("spec", "reply", "message"),
    [
        ({}, 404, "received non 2xx response code: 404"),
        ({"body": "x"}, {}, "Body/JSONBody can only be used with POST or PUT WebMetric Method types"),
        (
            {"method": "POST", "body": "x", "jsonBody": {}},
            {},
            "use either Body or JSONBody; both cannot exists for WebMetric payload",
        ),
        ({"jsonPath": "{$.a.b}"}, {"a": {}}, "Could not find JSONPath in body: b is not found"),
        ({"jsonPath": "{$.["}, {"a": {}}, "Could not find JSONPath in body"),
        ({"url": "file:///etc/passwd"}, {}, "only http and https URLs can be fetched"),
        ({"url": "http://169.254.169.254/latest"}, {}, "link-local"),
    ],
)
def test_errors_are_reported(spec: dict[str, Any], reply: Any, message: str) -> None:
    answer, _ = measure("web", {"url": f"{HERE}/m", **spec}, reply)
    assert isinstance(answer, Broken)
    assert message in answer.message


def test_a_redirect_to_a_forbidden_address_is_refused() -> None:
    moved = web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
    answer, _ = measure("web", {"url": f"{HERE}/m"}, moved)
    assert isinstance(answer, Broken)
    assert "link-local" in answer.message


def test_a_server_that_takes_too_long_is_an_error() -> None:
    answer, _ = measure("web", {"url": "http://127.0.0.1:1/m", "timeoutSeconds": 1})
    assert isinstance(answer, Broken)
