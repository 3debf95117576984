"""`argosy seal set` and `argosy seal remove`: single values of a SealedSecret in a file, sealed where they stand."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from argosy.cli.failing import CommandError, Exit
from argosy.cli.seal.certificate import sealer_of
from argosy.cli.seal.documents import Document, SealedText
from argosy.cli.seal.files import read_text, write_text
from argosy.sealing.assembly import sealed_label


def set_values(options: argparse.Namespace) -> int:
    """`KEY=@FILE`, `KEY=-` for standard input, or `KEY` for a prompt; values are never arguments."""
    path, text, document = target(options)
    values = dict(map(_given, options.values))
    sealer, label = sealer_of(options), sealed_label(document.view)
    text.put(document, {key: sealer.item(label, value) for key, value in values.items()})
    write_text(path, text.edited)
    print(f"{path}: {document.name}: {', '.join(sorted(values))} sealed")
    return Exit.OK


def remove(options: argparse.Namespace) -> int:
    path, text, document = target(options)
    for key in options.keys:
        text.remove(document, key)
    write_text(path, text.edited)
    return Exit.OK


def target(options: argparse.Namespace) -> tuple[Path, SealedText, Document]:
    """The file and the selected SealedSecret in it. Raises CommandError."""
    path: Path = options.file
    text = SealedText.of(str(path), read_text(path))
    wanted = [one for one in text.documents if options.name in ("", one.view.metadata.name)]
    if len(wanted) != 1:
        names = ", ".join(one.name for one in text.documents) or "none"
        raise CommandError(f"{path}: --name must say which SealedSecret; there are: {names}")
    return path, text, wanted[0]


def _given(text: str) -> tuple[str, bytes]:
    key, equals, source = text.partition("=")
    if not key:
        raise CommandError(f"{text!r}: KEY=@FILE, KEY=- or KEY would be right")
    if not equals:
        return key, getpass.getpass(f"Value of {key}: ").encode()
    if source == "-":
        return key, sys.stdin.buffer.read()
    if not source.startswith("@"):
        text = (
            f"{key}=...: a value among the arguments is seen by every process: KEY=@FILE, KEY=- or KEY would be right"
        )
        raise CommandError(text)
    try:
        return key, Path(source[1:]).read_bytes()
    except OSError as error:
        raise CommandError(f"{source[1:]}: {error.strerror or error}") from None
