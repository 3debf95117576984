"""What the command line is built from: a parser that fails as upstream's does, and the flags that commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from argosy.cli.client_flags import add_client_flags, behind_the_command
from argosy.cli.failing import Exit

OUTPUTS = ("wide", "json", "yaml", "name")
Commands = Any
"""What `add_subparsers` gives; argparse does not name its type."""


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 1, as upstream; 2 where 1 means "different"."""

    takes_client_flags = False
    """Whether the flags of `client_flags` count for this command."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        # A flag that a later version adds must not change what a script's shortened flag means.
        super().__init__(*arguments, **{"allow_abbrev": False, **keywords})

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Unknown arguments are reported by the subcommand itself, not by the command above it."""
        given = sys.argv[1:] if args is None else list(args)
        if self._subparsers is not None:
            given = behind_the_command(given)
        elif self.takes_client_flags:
            add_client_flags(self, self._option_string_actions)
        words, denied = self._switches(self._with_values(given))
        found, left = super().parse_known_args(words, namespace)
        for name in denied:
            setattr(found, name, False)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left

    def _with_values(self, words: list[str]) -> list[str]:
        """A flag's value may begin with a dash, as a password does now and then; Go's flags take it, too."""
        kept, left = list[str](), iter(words)
        for word in left:
            action = self._option_string_actions.get(word)
            value = next(left, None) if action is not None and action.nargs is None else None
            if word == "--":
                return [*kept, word, *left]
            if value is None:
                kept.append(word)
            elif value.startswith("-") and len(value) > 1:
                kept.append(f"{word}={value}" if word.startswith("--") else f"{word}{value}")
            else:
                kept += [word, value]
        return kept

    def _switches(self, words: list[str]) -> tuple[list[str], list[str]]:
        """Flags without a value also take `=true` and `=false`, as Go's do; the second: what was denied."""
        kept, denied = [], []
        for word in words:
            flag, equals, value = word.partition("=")
            action = self._option_string_actions.get(flag) if equals and flag.startswith("--") else None
            if action is None or action.nargs != 0 or value not in ("true", "false"):
                kept.append(word)
            elif value == "true":
                kept.append(flag)
            else:
                denied.append(action.dest)
        return kept, denied

    def error(self, message: str) -> NoReturn:
        code = Exit.DIFF_USAGE if self.prog.endswith(("app diff", "appset preview")) else Exit.FAILED
        self.exit(code, f"{self.prog}: {message}\nSee '{self.prog} --help'.\n")


def command(commands: Commands, name: str, run: str, text: str, **more: Any) -> Parser:
    made: Parser = commands.add_parser(name, help=text, description=f"{text}.", **more)
    made.set_defaults(run=run, program=made.prog)
    return made


def group(commands: Commands, name: str, text: str, what: str) -> Commands:
    """A command that only has commands below it."""
    made: Parser = commands.add_parser(name, help=text, description=f"{what}.")
    return made.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)


def data_dir(parser: Parser) -> None:
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where Argosy keeps its state (default: $ARGOSY_DATA_DIR, else .argosy in the working directory)",
    )


def connection(parser: Parser, *, namespace: bool = True, as_kubectl: bool = False, also: tuple[str, ...] = ()) -> None:
    """`namespace`: whether `--namespace` means the Application's; else it is the command's own flag for objects.
    `as_kubectl`: it is that of objects as kubectl's plug-ins have it, with `-n`, too. `also`: more names of that flag.
    """
    data_dir(parser)
    parser.takes_client_flags = not as_kubectl
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: that of the data directory, else $KUBECONFIG"
    )
    parser.add_argument("--context", default="", metavar="NAME", help="of the kubeconfig; default: the current one")
    parser.add_argument(
        "--server", default="", metavar="SERVER", help="as signed in by 'argosy login' (default: $ARGOSY_SERVER)"
    )
    text = "for that server (default: $ARGOSY_AUTH_TOKEN, or the sign-in's)"
    parser.add_argument("--auth-token", default="", metavar="TOKEN", help=text)
    flags = ("--namespace", "--app-namespace", "-N") if namespace else ("--app-namespace", "-N")
    default, text = "argocd", "of Applications and their settings (default: argocd)"
    if as_kubectl:
        flags, default, text = (*flags, "-n"), "default", "of the objects (default: default)"
    parser.add_argument(*flags, *also, dest="namespace", default=default, metavar="NAMESPACE", help=text)


def waiting(parser: Parser) -> None:
    parser.add_argument("--timeout", type=seconds, default=0.0, metavar="SECONDS", help="0 means no timeout")


def port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)


def seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def files(parser: Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="YAML or JSON; - for standard input")
