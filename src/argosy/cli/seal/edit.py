"""`argosy seal edit`: opens a SealedSecret in an editor, and seals again what was changed there.

With keys at hand, since no controller gives values away. The values are in a file of the owner's alone, for as long as
the editor runs; unchanged items stay byte for byte.
"""

from __future__ import annotations

import argparse
import base64
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from argosy.cli.failing import CommandError, Exit
from argosy.cli.seal.documents import Document, SealedText
from argosy.cli.seal.files import write_text
from argosy.cli.seal.key_files import opener, ring_of
from argosy.cli.seal.values import target
from argosy.machinery.text.yaml import YamlError, dump, load
from argosy.runtime.chance import SystemRng
from argosy.sealing.adapters.opening import OpenedItem
from argosy.sealing.assembly import sealed_label
from argosy.sealing.keyring import KeyRing
from argosy.sealing.seal import Sealer

BINARY = "base64:"
"""Prefix of a value in base64, because it is not text."""


def run(options: argparse.Namespace) -> int:
    path, text, document = target(options)
    ring = ring_of(options.key, options.passphrase_file)
    if ring.newest is None:
        raise CommandError("--key: no key that can seal")
    before = _opened(path, document, ring)
    after = _edited(before)
    change(text, document, before, after, Sealer(ring.newest.key.public, SystemRng().token_bytes))
    if text.is_changed:
        write_text(path, text.edited)
    return Exit.OK


def change(
    text: SealedText, document: Document, before: Mapping[str, bytes], after: Mapping[str, bytes], sealer: Sealer
) -> None:
    label = sealed_label(document.view)
    text.put(document, {key: sealer.item(label, value) for key, value in after.items() if before.get(key) != value})
    for key in before:
        if key not in after:
            text.remove(document, key)


def _opened(path: Path, document: Document, ring: KeyRing) -> dict[str, bytes]:
    view = document.view
    found = opener().items_now(view, ring, sealed_label(view))
    values: dict[str, bytes] = {}
    for key, item in view.spec.encrypted_data.items():
        opened = found[item]
        if not isinstance(opened, OpenedItem):
            raise CommandError(f"{path}: {document.name}: {opened} ({key})")
        values[key] = opened.value
    return values


def _edited(values: Mapping[str, bytes]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="argosy-") as directory:  # readable only by the owner
        path = Path(directory) / "values.yaml"
        path.touch(mode=0o600)
        path.write_text(dump({key: _shown(value) for key, value in values.items()}))
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        if subprocess.run([*editor, str(path)], check=False).returncode:
            raise CommandError(f"{editor[0]} ended with an error: nothing was changed")
        try:
            found = load(path.read_text())
        except (YamlError, UnicodeDecodeError) as error:
            raise CommandError(f"the edited values are not YAML: {type(error).__name__}: nothing was changed") from None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise CommandError("the edited values must be a map of texts: quote numbers: nothing was changed")
    return {key: _value(key, text) for key, text in found.items()}


def _shown(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return BINARY + base64.b64encode(value).decode()
    return BINARY + base64.b64encode(value).decode() if text.startswith(BINARY) else text


def _value(key: str, text: str) -> bytes:
    if not text.startswith(BINARY):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(BINARY), validate=True)
    except ValueError:
        raise CommandError(f"{key}: no base64 after {BINARY!r}: nothing was changed") from None
