"""Logs: machine-readable, in the clock's time, and without secrets."""

from __future__ import annotations

import io
import json
import logging
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from argosy.observe.logs import scrubbed, set_up_logging
from argosy.observe.secret import Secret

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize(
    "text",
    [
        "fetch https://bob:canary-77@git.example/x failed",
        "fetch https://canary-77@git.example/x failed",
        "Authorization: Bearer canary-77",
        "authorization: basic Y2FuYXJ5LTc3-canary-77",
        'config {"password": "canary-77"} refused',
        "password=canary-77",
        "bearerToken: canary-77",
        "AWS_SECRET_ACCESS_KEY_TOKEN = 'canary-77'",
        "token eyJhbGciOiJSUzI1NiJ9.canary-77.canary-77",
        "used ghp_canary77canary-77",
        "-----BEGIN RSA PRIVATE KEY-----\ncanary-77\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ncanary-77 cut off",
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str) -> None:
    assert "canary" not in scrubbed(text)
    assert "******" in scrubbed(text)


@pytest.mark.parametrize(
    "text", ["deployment web is healthy", "https://git.example/a/b@v1", "tokens were read", "key default/web, step 3"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert scrubbed(text) == text


def test_control_characters_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in scrubbed("name \x1b[2Jx")


def test_json_lines_carry_fields_and_the_time_of_the_clock(stream: io.StringIO) -> None:
    set_up_logging(style="json", stream=stream, now=lambda: NOON)
    log = logging.getLogger("argosy.test")
    log.warning("synced %s", "web", extra={"app": "web", "took": 1.5, "password": "canary-77"})
    assert json.loads(stream.getvalue()) == {
        "time": "2030-01-01T12:00:00.000+00:00",
        "level": "warning",
        "logger": "argosy.test",
        "message": "synced web",
        "app": "web",
        "took": 1.5,
        "password": "******",
    }


@pytest.mark.parametrize("style", ["json", "console"])
def test_tracebacks_are_scrubbed_too(stream: io.StringIO, style: str) -> None:
    set_up_logging(style="json" if style == "json" else "console", stream=stream, now=lambda: NOON)
    try:
        raise ValueError("url https://bob:canary-77@git.example")
    except ValueError:
        logging.getLogger("argosy.test").exception("failed")
    assert "ValueError" in stream.getvalue()
    assert "canary" not in stream.getvalue()


def test_a_secret_shows_only_to_who_reveals_it() -> None:
    secret = Secret("canary-77")
    assert secret.reveal() == "canary-77"
    assert [str(secret), repr(secret), f"{secret}", f"{secret:>40}"] == ["******"] * 4
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps({"a": secret})
    assert not Secret("")
    assert Secret("a") == Secret("a") != Secret("b")
