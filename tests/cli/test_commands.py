"""The command line as a whole: its documentation, its exit codes, how quickly it starts."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from argosy.cli.commands import make_parser
from argosy.cli.main import main
from argosy.cli.offline import version
from argosy.cluster.http.wiring import KUBERNETES

ROOT = Path(__file__).parents[2]


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from commands(inner)


def reference() -> str:
    """docs/cli.md's list, as it has to be."""
    parts = []
    for parser in commands(make_parser()):
        parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, max_help_position=30, width=110)
        parts.append(f"### {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n")
    return "\n".join(parts)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help differently in other versions")
def test_the_documentation_shows_the_help_as_it_is() -> None:
    """Rewrite it with: python tests/cli/test_commands.py"""
    text = (ROOT / "docs/cli.md").read_text()
    assert text.partition("<!-- help -->\n\n")[2] == reference()


@pytest.mark.parametrize("parser", [p for p in commands(make_parser()) if p.get_default("run")], ids=lambda p: p.prog)
def test_every_command_has_a_function_that_runs_it(parser: argparse.ArgumentParser) -> None:
    module, _, function = parser.get_default("run").partition(":")
    assert callable(getattr(import_module(module), function))


def ended(arguments: tuple[str, ...]) -> int:
    """Told by the parser, or by a command that sees what the parser cannot."""
    try:
        return main(arguments)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


WORDS = ("app", "sync", "diff", "appset", "preview", "up")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("nope",), 1),
        (("app", "sync"), 1),
        (("app", "sync", "shop", "--nope"), 1),
        (("app", "diff"), 2),
        (("app", "diff", "shop", "--nope"), 2),
        (("appset", "preview"), 2),
        (("appset", "preview", "fleet.yaml", "--nope"), 2),
        (("up", "--port", "0"), 1),
    ],
)
def test_wrong_usage_ends_as_upstreams(
    arguments: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(arguments) == code
    words = " ".join(("argosy", *(word for word in arguments[:2] if word in WORDS)))
    error = capsys.readouterr().err
    assert f"'{words} --help'" in error
    assert error.startswith(f"{words}: ")


@pytest.mark.parametrize("command", ["list", "get", "sync", "diff", "history", "rollback", "wait", "delete"])
@pytest.mark.parametrize("output", ["wide", "json", "yaml", "name"])
def test_every_command_of_applications_has_every_output(command: str, output: str) -> None:
    name = [] if command == "list" else ["shop"]
    assert make_parser().parse_args(["app", command, *name, "-o", output]).output == output


def test_a_server_that_is_not_there_is_one_line_and_code_20(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "list", "--kubeconfig", str(tmp_path / "none")]) == 20
    error = capsys.readouterr().err
    assert error.startswith("argosy app list: no kubeconfig at")
    assert error.count("\n") == 1


def test_an_output_that_is_full_is_reported_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "argosy.cli.main", "crds"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "argosy crds: [Errno 28] No space left on device\n"


def test_the_emulated_release_is_the_servers() -> None:
    assert ".".join(map(str, KUBERNETES)) == version.KUBERNETES


def test_help_and_version_import_none_of_the_rooms() -> None:
    code = (
        "import sys; from argosy.cli.main import main; main(['version']);"
        "print([name for name in sys.modules if name.startswith('argosy.') and not name.startswith('argosy.cli')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_definitions_are_printed_for_kubectl(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crds", "-o", "name"]) == 0
    assert "customresourcedefinition.apiextensions.k8s.io/applications.argoproj.io" in capsys.readouterr().out.split()


if __name__ == "__main__":
    page = ROOT / "docs/cli.md"
    head = page.read_text().partition("<!-- help -->\n\n")[0]
    page.write_text(f"{head}<!-- help -->\n\n{reference()}")
