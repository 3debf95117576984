"""What the command line takes that argparse by itself would not."""

from __future__ import annotations

import pytest

from argosy.cli.commands import make_parser


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (("login", "host:1", "--password", "-CfR"), "password", "-CfR"),
        (("login", "host:1", "--password=-CfR"), "password", "-CfR"),
        (("app", "list", "-p", "-x"), "project", ["-x"]),
        (("app", "list", "--project", "--x", "-o", "json"), "output", "json"),
    ],
)
def test_the_value_of_a_flag_may_begin_with_a_dash(words: tuple[str, ...], name: str, value: object) -> None:
    assert getattr(make_parser(words[0]).parse_args(words), name) == value


def test_what_follows_two_dashes_is_no_flag() -> None:
    assert make_parser("app").parse_args(("app", "get", "--", "-x")).name == "-x"


def test_a_flag_without_its_value_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser("login").parse_args(("login", "host:1", "--password"))
    assert "expected one argument" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["rollout", "get", "web"], ["cert", "status", "web"]])
@pytest.mark.parametrize("flag", ["-n", "-N", "--namespace"])
def test_verbs_of_kubectls_plugins_take_its_short_flag_for_the_namespace(words: list[str], flag: str) -> None:
    parser = make_parser(words[0])
    assert parser.parse_args(words).namespace == "default"
    assert parser.parse_args([*words, flag, "shop"]).namespace == "shop"


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (("get", "ro", "web"), "kind", "rollout"),
        (("get", "exp", "web"), "kind", "experiment"),
        (("get", "web"), "kind", "rollout"),
        (("list", "rollouts"), "kind", "rollout"),
        (("list", "experiments", "--timestamps"), "kind", "experiment"),
        (("retry", "ro", "web"), "kind", "rollout"),
        (("terminate", "ar", "web-1"), "kind", "analysisrun"),
        (("create", "ar", "--from", "errors"), "kind", "analysisrun"),
        (("create", "-f", "a.yaml", "-f", "b.yaml"), "files", ["a.yaml", "b.yaml"]),
        (("status", "web"), "watch", True),
        (("status", "web", "--watch=false"), "watch", False),
        (("status", "web", "--no-watch"), "watch", False),
        (("version", "--short"), "short", True),
        (("completion", "zsh"), "shell", "zsh"),
    ],
)
def test_verbs_of_rollouts_take_the_plugins_words(words: tuple[str, ...], name: str, value: object) -> None:
    assert getattr(make_parser("rollout").parse_args(("rollout", *words)), name) == value
