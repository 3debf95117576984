"""What a command prints of others' making steers no terminal, on either stream; its own codes do."""

from __future__ import annotations

import io
import sys

import pytest

from argosy.cli.app.tables import summary
from argosy.cli.failing import CommandError
from argosy.cli.main import main
from argosy.cli.offline import version
from argosy.cli.rollout.live import PlainConsole
from argosy.cli.terminal import plain_streams, steer

ATTACK = "\x1b]0;title\x07\x1b[2J\r\x9b"


def test_both_streams_of_every_command_are_plain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(options: object) -> int:
        print(ATTACK)
        sys.stdout.writelines([ATTACK, "\n"])
        raise CommandError(ATTACK)

    monkeypatch.setattr(version, "run", run)
    assert main(["version"]) == 1
    out, err = capsys.readouterr()
    for said in (out, err):
        assert said.isprintable() or "\n" in said
        assert not set("\x1b\x07\r\x9b") & set(said)
        assert "\\u001b[2J" in said


def test_our_own_codes_pass(capsys: pytest.CaptureFixture[str]) -> None:
    with plain_streams():
        steer(sys.stdout, "\x1b[K")
        print("x")
    assert capsys.readouterr().out == "\x1b[Kx\n"


def test_a_live_view_steers_by_itself_alone() -> None:
    stream = io.StringIO()
    PlainConsole(file=stream, force_terminal=True, color_system="standard").print(f"[red]{ATTACK}[/red]")
    assert "\x1b[31m" in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()


def test_a_line_break_in_a_value_makes_no_line_of_its_own() -> None:
    destination = {"server": "s", "namespace": "a\nHealth Status:      Healthy"}
    app = {"metadata": {"name": "x", "namespace": "argocd"}, "spec": {"destination": destination}}
    shown = summary(app)
    assert shown.count("\nHealth Status:") == 1
    assert "a\\nHealth Status:" in shown
