"""The flags that every command of `argocd` has: where they may be, what they do, and which are refused."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import pytest
import yaml

from argosy.cli.client_flags import EFFECTIVE, REFUSED, WITHOUT_EFFECT, behind_the_command
from argosy.cli.commands import make_parser
from argosy.cli.connect import by_kubeconfig, chosen_server
from argosy.cli.failing import CommandError
from argosy.cli.login.server import with_flags
from argosy.cli.login.sign_ins import SignIn
from argosy.runtime.clock import RealClock

ROOT = Path(__file__).parents[2]
KUBECONFIG = {
    "current-context": "a",
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    "clusters": [
        {"name": "a", "cluster": {"server": "https://a"}},
        {"name": "b", "cluster": {"server": "https://b", "certificate-authority-data": "eA=="}},
    ],
    "users": [{"name": "a", "user": {"token": "of-a"}}, {"name": "b", "user": {"token": "of-b"}}],
}


def read(*words: str) -> argparse.Namespace:
    return make_parser(words[0]).parse_args(words)


@pytest.mark.parametrize(
    "words",
    [
        ("--server", "s:1", "--grpc-web", "app", "actions", "list", "shop"),
        ("app", "--server=s:1", "actions", "--grpc-web", "list", "shop"),
        ("app", "actions", "list", "shop", "--grpc-web", "--server", "s:1"),
    ],
)
def test_a_flag_counts_wherever_it_is_among_the_words(words: tuple[str, ...]) -> None:
    found = make_parser().parse_args(words)
    assert (found.server, found.name) == ("s:1", "shop")


def test_other_flags_are_not_moved() -> None:
    assert behind_the_command(["--help", "app"]) == ["--help", "app"]
    assert behind_the_command(["--core"]) == ["--core"]
    assert behind_the_command(["--config", "f", "app", "--core", "list"]) == ["app", "--config", "f", "--core", "list"]


def test_a_commands_own_flag_of_the_same_name_counts_before() -> None:
    assert read("app", "list", "--cluster", "prod").cluster == "prod"
    found = read("repo", "add", "https://r", "--username", "u", "--password", "p")
    assert (found.username, found.password) == ("u", "p")


def test_a_flag_is_not_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read("app", "sync", "shop", "--pru")
    assert capsys.readouterr().err.startswith("argosy app sync: unrecognized arguments: --pru")


@pytest.mark.parametrize("flag", sorted(WITHOUT_EFFECT))
def test_a_flag_without_a_meaning_here_is_accepted(flag: str) -> None:
    assert read("app", "get", "shop", flag, *(("x",) if WITHOUT_EFFECT[flag] else ())).name == "shop"


@pytest.mark.parametrize("flag", sorted(REFUSED))
def test_a_flag_that_would_change_what_the_server_sees_is_refused_by_name(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        read("app", "get", "shop", flag, "X-A: b")
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"argosy app get: {flag}: requests take no further headers")


def test_core_and_port_forward_choose_the_kubeconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGOSY_SERVER", "s")
    assert chosen_server(read("app", "list")) == "s"
    for flag in ("--core", "--port-forward"):
        assert chosen_server(read("app", "list", flag)) == ""
    assert read("app", "list", "--port-forward-namespace", "gitops").namespace == "gitops"
    assert chosen_server(read("app", "list", "--argocd-context", "prod")) == "prod"


def test_kubectls_flags_replace_parts_of_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "k").write_text(yaml.safe_dump(KUBECONFIG))

    def connection(*words: str) -> tuple[str, str, bool]:
        found = by_kubeconfig(read("app", "get", "shop", "--kubeconfig", str(tmp_path / "k"), *words), RealClock())
        proof = asyncio.run(found.credential.proof())
        assert proof.authorization is not None
        return found.server, proof.authorization.reveal(), found.trust.insecure

    assert connection() == ("https://a", "Bearer of-a", False)
    assert connection("--cluster", "b", "--user", "b") == ("https://b", "Bearer of-b", False)
    assert connection("--cluster=b", "--insecure-skip-tls-verify", "--token", "t") == ("https://b", "Bearer t", True)
    assert connection("--username", "u", "--password", "p") == ("https://a", "Basic dTpw", False)


def test_flags_about_the_server_replace_parts_of_the_sign_in(tmp_path: Path) -> None:
    known = SignIn(url="https://s", token="t", authority="PEM")
    (tmp_path / "f").write_text("OTHER")

    def used(*words: str) -> SignIn:
        return with_flags(known, read("app", "list", *words))

    assert used() == known
    assert used("--plaintext", "--grpc-web-root-path", "/gitops/").url == "http://s/gitops"
    assert (used("--insecure").authority, used("--insecure").insecure) == ("", True)
    assert used("--server-crt", str(tmp_path / "f")).authority == "OTHER"
    both = used("--client-crt", str(tmp_path / "f"), "--client-crt-key", str(tmp_path / "f"))
    assert (both.certificate, both.certificate_key) == ("OTHER", "OTHER")
    with pytest.raises(CommandError, match="need each other"):
        used("--client-crt", str(tmp_path / "f"))
    with pytest.raises(CommandError, match="--server-crt /none: No such file"):
        used("--server-crt", "/none")


def test_every_such_flag_is_documented() -> None:
    page = (ROOT / "docs/cli.md").read_text().partition("<!-- help -->")[0]
    names = {name for names in EFFECTIVE for name in names} | set(WITHOUT_EFFECT) | set(REFUSED)
    assert sorted(name for name in names if f"`{name}`" not in page) == []
