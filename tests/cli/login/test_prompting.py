"""`argosy configure --prompts-enabled`, and the question before commands that delete."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from argosy.cli.commands import make_parser
from argosy.cli.failing import CommandError
from argosy.cli.login.prompting import PROMPTED, confirm
from argosy.cli.main import main
from argosy.cli.parsing import Parser


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGOSY_CONFIG_DIR", str(tmp_path))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


def asked(monkeypatch: pytest.MonkeyPatch, answer: str, *words: str) -> list[str]:
    questions = list[str]()

    def reply(question: str) -> str:
        questions.append(question)
        return answer

    monkeypatch.setattr("builtins.input", reply)
    confirm(make_parser().parse_args(words), list(words))
    return questions


def test_every_prompted_command_exists() -> None:
    def programs(parser: argparse.ArgumentParser) -> set[str]:
        below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        return {parser.prog}.union(*(programs(one) for action in below for one in action.choices.values()))

    parser: Parser = make_parser()
    assert set(PROMPTED) <= programs(parser)


def test_nothing_is_asked_until_it_is_configured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("repo", "rm", "https://r")
    assert asked(monkeypatch, "n", *command) == []
    assert main(["configure", "--prompts-enabled"]) == 0
    assert capsys.readouterr().out.endswith("prompts-enabled: true\n")
    assert asked(monkeypatch, "y", *command) == ["Run 'argosy repo rm https://r'? [y/N] "]
    with pytest.raises(CommandError, match="nothing was changed"):
        asked(monkeypatch, "", *command)
    assert asked(monkeypatch, "n", *command, "--prompts-enabled=false") == []
    assert asked(monkeypatch, "n", "repo", "list") == []
    assert main(["configure"]) == 0
    assert asked(monkeypatch, "n", *command) == []
    assert len(asked(monkeypatch, "y", *command, "--prompts-enabled")) == 1
