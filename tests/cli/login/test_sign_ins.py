"""The file of sign-ins: for its owner alone, and servers by the names that users type."""

from __future__ import annotations

import argparse
import base64
import json
import stat
from pathlib import Path

import pytest

from argosy.cli.connect import chosen_server
from argosy.cli.failing import CommandError
from argosy.cli.login.server import claims_of
from argosy.cli.login.sign_ins import SignIn, SignIns, url_of


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"ARGOSY_CONFIG_DIR": str(tmp_path / "config")}


def test_a_sign_in_is_found_by_whatever_way_the_server_is_named(environment: dict[str, str]) -> None:
    SignIns(environment).put(SignIn(url="https://argo.example.com/gitops", token="t"), is_current=True)
    known = SignIns(environment)
    for name in ("argo.example.com/gitops", "https://argo.example.com/gitops/", "http://argo.example.com/gitops"):
        found = known.get(name)
        assert found is not None
        assert found.token == "t"
    assert known.current == "argo.example.com/gitops"
    known.drop("argo.example.com/gitops")
    assert SignIns(environment).get("argo.example.com/gitops") is None


def test_nobody_else_can_read_tokens(environment: dict[str, str]) -> None:
    known = SignIns(environment)
    known.put(SignIn(url="https://a", token="canary", refresh_token="canary"))
    assert stat.S_IMODE(known.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(known.path.parent.stat().st_mode) == 0o700
    assert "canary" not in repr(known.by_name["a"])


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("localhost:8080", "https://localhost:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("[::1]:8080", "https://[::1]:8080"),
    ],
)
def test_a_server_is_spoken_to_by_tls_unless_it_says_otherwise(server: str, url: str) -> None:
    assert url_of(server) == url


@pytest.mark.parametrize("server", ["", "ftp://a", "https://user:pw@a", "https://a?x=y", "https://a:port", "https://"])
def test_what_is_no_server_is_refused(server: str) -> None:
    with pytest.raises(CommandError, match="give HOST"):
        url_of(server)


def test_a_broken_file_says_what_to_do(environment: dict[str, str]) -> None:
    path = SignIns(environment).path
    path.parent.mkdir(parents=True)
    path.write_text('{"servers": [{"nonsense": 1}]}')
    with pytest.raises(CommandError, match="sign in again"):
        SignIns(environment)


def test_a_named_kubeconfig_counts_before_the_environment_and_a_flag_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGOSY_SERVER", "from-environment")

    def options(**given: object) -> argparse.Namespace:
        return argparse.Namespace(**{"kubeconfig": None, "context": "", "server": "", **given})

    assert chosen_server(options()) == "from-environment"
    assert chosen_server(options(kubeconfig=Path("k"))) == ""
    assert chosen_server(options(context="c")) == ""
    assert chosen_server(options(context="c", server="s")) == "s"


def test_claims_are_read_of_whatever_is_given() -> None:
    body = base64.urlsafe_b64encode(json.dumps({"sub": "u"}).encode()).decode().rstrip("=")
    assert claims_of(f"a.{body}.c") == {"sub": "u"}
    for broken in ("", "a", "a.b.c", "a.W10.c"):
        assert claims_of(broken) == {}
