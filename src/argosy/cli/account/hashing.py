"""`argosy account bcrypt`: hashes a password for `argocd-secret`; needs no cluster."""

from __future__ import annotations

import argparse
import getpass
import sys

from argosy.cli.failing import CommandError, Exit

LONGEST = 72
"""Bytes; bcrypt ignores the rest."""


def run(options: argparse.Namespace) -> int:
    password = options.password or _prompted()
    if not password:
        raise CommandError("the password is empty: give --password, or write it to standard input")
    if len(password.encode()) > LONGEST:
        raise CommandError(f"the password is longer than {LONGEST} bytes, of which bcrypt would read no more")
    import bcrypt  # imported late: only this command hashes

    print(bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode())
    return Exit.OK


def _prompted() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
