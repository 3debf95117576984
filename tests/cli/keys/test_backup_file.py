"""Backups of keys: encrypted in a format that others read, and never in clear."""

from __future__ import annotations

import stat
from pathlib import Path

import pyrage
import pytest

from argosy.cli.failing import CommandError
from argosy.cli.keys.backup_file import MAGIC, is_backup, locked, unlocked
from argosy.cli.seal.files import write_private

KEYS = b'{"kind": "List", "items": ["-----BEGIN RSA PRIVATE KEY-----"]}'


def passphrase(tmp_path: Path, text: str) -> Path:
    path = tmp_path / text.replace(" ", "-")
    path.write_text(text + "\n")
    return path


def test_a_backup_opens_with_its_passphrase_and_no_other(tmp_path: Path) -> None:
    data = locked(KEYS, [], passphrase(tmp_path, "a long passphrase"))
    assert is_backup(data)
    assert b"PRIVATE KEY" not in data
    assert unlocked(Path("f"), data, passphrase(tmp_path, "a long passphrase")) == KEYS
    with pytest.raises(CommandError, match="does not open"):
        unlocked(Path("f"), data, passphrase(tmp_path, "another passphrase"))


def test_a_backup_for_a_recipient_opens_with_its_identity(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    data = locked(KEYS, [str(identity.to_public())], None)
    path = tmp_path / "identity"
    path.write_text(f"# a comment\n{identity}\n")
    assert unlocked(Path("f"), data, None, path) == KEYS


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="shorter than 12"):
        locked(KEYS, [], passphrase(tmp_path, "short"))


def test_a_damaged_backup_does_not_open(tmp_path: Path) -> None:
    data = bytearray(locked(KEYS, [], passphrase(tmp_path, "a long passphrase")))
    data[-1] ^= 1
    with pytest.raises(CommandError, match="damaged"):
        unlocked(Path("f"), bytes(data), passphrase(tmp_path, "a long passphrase"))


def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.age"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, MAGIC)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
