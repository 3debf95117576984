"""Finds and reads files with SealedSecrets, and writes each completely or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from argosy.cli.failing import CommandError
from argosy.cli.seal.documents import SealedText

SUFFIXES: Final = (".yaml", ".yml", ".json")
SIZE_LIMIT: Final = 10 * 1024 * 1024
PRIVATE: Final = 0o600
MARK: Final = "SealedSecret"


def sealed_texts(paths: Sequence[Path]) -> Iterator[tuple[Path, SealedText]]:
    """Named files must contain SealedSecrets; in directories, other files are skipped.

    Raises CommandError for a named file that is unreadable, after yielding the others.
    """
    for path in paths:
        if path.is_dir():
            for inner in _below(path):
                if (found := _searched(inner)) is not None:
                    yield inner, found
        else:
            text = SealedText.of(str(path), read_text(path))
            if not text.documents:
                raise CommandError(f"{path}: there is no SealedSecret in it")
            yield path, text


def _below(directory: Path) -> Iterator[Path]:
    """Sorted; hidden directories and links are skipped."""
    for root, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if path.suffix in SUFFIXES and not path.is_symlink():
                yield path


def _searched(path: Path) -> SealedText | None:
    """None for a file without SealedSecrets. Text that mentions them but is not YAML is reported."""
    try:
        raw = read_text(path)
    except CommandError:
        return None
    if MARK not in raw:
        return None
    try:
        found = SealedText.of(str(path), raw)
    except CommandError as error:
        print(f"{error}: passed over", file=sys.stderr)
        return None
    return found if found.documents else None


def read_text(path: Path) -> str:
    """Raises CommandError."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise CommandError(f"{path}: larger than {SIZE_LIMIT} bytes")
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path}: not UTF-8") from None


def write_text(path: Path, text: str) -> None:
    """Replaces the file atomically and keeps its mode. Raises CommandError."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        _put(path, text, mode)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None


def write_private(path: Path, text: str | bytes) -> None:
    """Readable only by the owner. Raises CommandError."""
    try:
        _put(path, text, PRIVATE)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None


def _put(path: Path, text: str | bytes, mode: int | None) -> None:
    data = text.encode() if isinstance(text, str) else text
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode if mode is not None else 0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
