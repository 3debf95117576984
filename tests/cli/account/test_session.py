"""`argosy account session-token`: prints the token of a sign-in, and none that has ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from argosy.cli.login.sign_ins import SignIn, SignIns
from argosy.cli.main import main

SignsIn = Callable[[str], None]
FAR = 9_999_999_999


def token(**claims: object) -> str:
    return "x." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".y"


@pytest.fixture
def signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SignsIn:
    monkeypatch.setenv("ARGOSY_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("ARGOSY_SERVER", raising=False)
    return lambda text: SignIns().put(SignIn(url="https://cd.example.com", token=text), is_current=True)


def test_the_current_sign_ins_token_is_printed(signs_in: SignsIn, capsys: pytest.CaptureFixture[str]) -> None:
    given = token(iss="argocd", sub="admin:login", iat=0, exp=FAR)
    signs_in(given)
    assert main(["account", "session-token"]) == 0
    assert capsys.readouterr().out == f"{given}\n"
    assert main(["account", "session-token", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "type": "local",
        "issuer": "argocd",
        "username": "admin",
        "token": given,
        "has_refresh_token": False,
        "issued_at": "1970-01-01T00:00:00Z",
        "expires_at": "2286-11-20T17:46:39Z",
    }


def test_a_token_that_has_ended_is_not_printed(signs_in: SignsIn, capsys: pytest.CaptureFixture[str]) -> None:
    ended = token(iss="argocd", sub="admin:login", exp=1)
    signs_in(ended)
    assert main(["account", "session-token"]) == 20
    said = capsys.readouterr()
    assert "argosy login cd.example.com" in said.err
    assert ended not in said.out + said.err


def test_without_a_sign_in_it_says_how_to_make_one(signs_in: SignsIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "session-token"]) == 20
    assert "argosy login" in capsys.readouterr().err


def test_a_sign_in_is_forgotten_by_a_flag(signs_in: SignsIn, capsys: pytest.CaptureFixture[str]) -> None:
    signs_in(token(exp=FAR))
    assert main(["context", "cd.example.com", "--delete"]) == 0
    assert capsys.readouterr().out == "Context 'cd.example.com' deleted\n"
    assert SignIns().by_name == {}
