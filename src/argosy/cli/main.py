"""The entry of the `argosy` program: reads the command line, runs one command, turns its end into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from argosy.cli.client_flags import SIGN_INS_VARIABLE, given
from argosy.cli.commands import make_parser
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.prompting import confirm
from argosy.cli.terminal import plain_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code; see `failing.Exit`."""
    with plain_streams():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = make_parser(words[0] if words else "")
    options = parser.parse_args(words)
    module, _, function = options.run.partition(":")
    if config := given(options, "config"):
        os.environ[SIGN_INS_VARIABLE] = config
    try:
        confirm(options, list(words))
        code = int(getattr(import_module(module), function)(options))
        sys.stdout.flush()
    except CommandError as error:
        print(f"{options.program}: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:
        # The reader of our output has gone, as in `argosy app list | head -1`.
        _write_no_more()
        return Exit.OK
    except OSError as error:
        # A disk is full, or a file cannot be read or written: the machine's fault, and not ours.
        _write_no_more()
        print(f"{options.program}: {error}", file=sys.stderr)
        return Exit.FAILED
    except KeyboardInterrupt:
        return 130
    return code


def _write_no_more() -> None:
    """Else Python would try again at the exit, and say so."""
    with suppress(OSError):  # the caller may have replaced it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
