"""Local private keys: PEM, key Secrets in YAML or JSON, or an encrypted backup of `argosy keys backup`."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.cli.failing import CommandError
from argosy.cli.keys.backup_file import is_backup, unlocked
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.runtime.clock import RealClock
from argosy.sealing.adapters.keymaking import made_key
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.keyring import KeyRing, RegisteredKey, UnreadableKey, key_ring, private_key, sealing_key
from argosy.sealing.ports import MakeKey
from argosy.sealing.templates import Templates

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def ring_of(files: Sequence[Path], passphrase_file: Path | None) -> KeyRing:
    """Raises CommandError for a file without a key."""
    found: list[RegisteredKey] = []
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"--key {path}: {error.strerror or error}") from None
        if is_backup(data):
            data = unlocked(path, data, passphrase_file)
        keys = list(_keys(path.name, data))
        if not keys:
            raise CommandError(f"--key {path}: no RSA private key in it: PEM, a key Secret or a List would be right")
        found += keys
    return KeyRing(tuple(found))


def opener() -> Opener:
    """Decrypts in this process."""
    return Opener(Templates(RealClock().now, bytes).render, threads=0)


def _keys(name: str, data: bytes) -> Iterator[RegisteredKey]:
    if b"-----BEGIN" in data.lstrip()[:64]:
        try:
            yield _bare(name, data)
        except UnreadableKey as error:
            raise CommandError(f"--key {name}: {error}") from None
        return
    try:
        documents = load_documents(data)
    except (YamlError, UnicodeDecodeError):
        return
    yield from key_ring(read(Secret, obj) for obj in _secrets(documents)).keys


def _secrets(documents: Sequence[Any]) -> Iterator[Any]:
    for document in documents:
        if not isinstance(document, dict):
            continue
        if document.get("kind") in ("List", "SecretList"):
            yield from _secrets(document.get("items") or ())
        elif isinstance(document.get("data"), dict):
            yield document


def _bare(name: str, pem: bytes) -> RegisteredKey:
    """A private key without a certificate: it can unseal, and never counts as the newest."""
    private = private_key(pem)
    made = made_key(private, MakeKey(private.key_size, "", LONG_AGO, LONG_AGO + timedelta(days=1)), b"\1" * 16)
    return RegisteredKey(name, sealing_key(made.private_pem, made.certificate_pem), LONG_AGO)


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()
