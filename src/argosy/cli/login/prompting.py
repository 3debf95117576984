"""`argosy configure`, and the question before commands that delete, which is asked only if the user wants it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from argosy.cli.client_flags import given
from argosy.cli.failing import CommandError, Exit

if TYPE_CHECKING:
    from argosy.cli.login.sign_ins import SignIns

PROMPTED: Final = frozenset(
    {
        "argosy account delete-token",
        "argosy app delete-resource",
        "argosy cert rm",
        "argosy gpg rm",
        "argosy logout",
        "argosy proj delete",
        "argosy proj role delete",
        "argosy proj role delete-token",
        "argosy proj role remove-policy",
        "argosy proj windows delete",
        "argosy repo rm",
        "argosy repocreds rm",
    }
)
"""Commands that ask if prompts are enabled. `app delete`, `appset delete` and `cluster rm` ask on every terminal."""


def configure(options: argparse.Namespace) -> int:
    _sign_ins().set_prompts(enabled=options.prompts_enabled == "true")
    print(f"Successfully updated the following configuration settings:\nprompts-enabled: {options.prompts_enabled}")
    return Exit.OK


def confirm(options: argparse.Namespace, words: list[str]) -> None:
    """Asks before a command that deletes, if prompts are enabled. Raises CommandError if the answer is no."""
    if options.program not in PROMPTED or not sys.stdin.isatty():
        return
    flag = given(options, "prompts_enabled")
    if not (flag == "true" if flag else _sign_ins().prompts):
        return
    if input(f"Run 'argosy {' '.join(words)}'? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("cancelled: nothing was changed")


def _sign_ins() -> SignIns:
    from argosy.cli.login.sign_ins import SignIns  # late: every command asks here, and few need the file

    return SignIns()
