"""The file of a backup: a List of key Secrets, encrypted in the age format (age-encryption.org/v1).

Any `age` program opens it, so that a backup outlives this one. Keys are never written in clear, to no file and no
terminal.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from argosy.cli.failing import CommandError

MAGIC: Final = b"age-encryption.org/v1\n"
SHORTEST: Final = 12
"""Characters of a passphrase: it guards every Secret that was ever sealed."""
VARIABLE: Final = "ARGOSY_KEYS_PASSPHRASE"


def is_backup(data: bytes) -> bool:
    return data.startswith(MAGIC)


def locked(data: bytes, recipients: Sequence[str], passphrase_file: Path | None) -> bytes:
    """For age recipients (`age1...`), or under a passphrase. Raises CommandError."""
    import pyrage

    if not recipients:
        return bytes(pyrage.passphrase.encrypt(data, _new_passphrase(passphrase_file)))
    try:
        known = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError:
        raise CommandError("--recipient: an age public key that begins with age1 would be right") from None
    return bytes(pyrage.encrypt(data, known))


def unlocked(path: Path, data: bytes, passphrase_file: Path | None, identity: Path | None = None) -> bytes:
    """Raises CommandError; its text never says more than that the passphrase or identity does not fit."""
    import pyrage

    try:
        if identity is not None:
            return bytes(pyrage.decrypt(data, _identities(identity)))
        return bytes(pyrage.passphrase.decrypt(data, _passphrase(passphrase_file, f"Passphrase of {path}: ")))
    except pyrage.DecryptError:
        raise CommandError(f"{path}: it does not open with this passphrase or identity, or it is damaged") from None


def _identities(path: Path) -> list[object]:
    import pyrage

    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"--identity {path}: it cannot be read") from None
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-")]
    except pyrage.IdentityError:
        raise CommandError(f"--identity {path}: no age identity in it") from None


def _new_passphrase(file: Path | None) -> str:
    found = _passphrase(file, "Passphrase for the backup: ")
    if len(found) < SHORTEST:
        raise CommandError(f"the passphrase is shorter than {SHORTEST} characters: it guards all that was ever sealed")
    if file is None and VARIABLE not in os.environ and getpass.getpass("Once more: ") != found:
        raise CommandError("the two passphrases differ")
    return found


def _passphrase(file: Path | None, prompt: str) -> str:
    """From a file, the environment or the terminal; never an argument, which other processes see."""
    if file is not None:
        try:
            return file.read_text().rstrip("\n")
        except (OSError, UnicodeDecodeError):
            raise CommandError(f"--passphrase-file {file}: it cannot be read") from None
    if found := os.environ.get(VARIABLE):
        return found
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise CommandError(f"no terminal to ask for the passphrase: --passphrase-file or {VARIABLE}") from None
