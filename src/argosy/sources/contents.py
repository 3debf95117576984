"""The bytes of an archive's files: in memory while they are small, then in one unnamed file on disk.

A chart may unpack to a gigabyte, and many are kept. No untrusted name is ever given to a file: contents
are found by their offset, and the file disappears when it is no longer open, however the process ends.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of all files together."""


class Content(NamedTuple):
    """Where one file's bytes are, and the oid that sources/tree.py would give them."""

    oid: str
    start: int
    size: int


class Contents:
    """Append only; `read` may be called from any thread once everything is appended."""

    def __init__(self, directory: Path | None = None, *, in_memory: int = IN_MEMORY) -> None:
        """`directory`: for the file on disk; None is the system's directory for temporary files."""
        self._directory = directory
        self._limit = in_memory
        self._memory = bytearray()
        self._file = -1
        self._length = 0

    @property
    def on_disk(self) -> bool:
        return self._file >= 0

    def add(self, parts: Iterable[bytes]) -> Content:
        """Stores one file's bytes, never all at once in memory. Raises OSError when the disk is full."""
        start, digest = self._length, blake2b(digest_size=20)
        for part in parts:
            digest.update(part)
            self._append(part)
        return Content(digest.hexdigest(), start, self._length - start)

    def read(self, content: Content) -> bytes:
        if not self.on_disk:
            return bytes(self._memory[content.start : content.start + content.size])
        return os.pread(self._file, content.size, content.start)

    def _append(self, part: bytes) -> None:
        self._length += len(part)
        if self.on_disk:
            _write(self._file, part)
            return
        self._memory += part
        if self._length > self._limit:
            self._file = _nameless(self._directory)
            weakref.finalize(self, os.close, self._file)
            _write(self._file, self._memory)
            self._memory = bytearray()


def _nameless(directory: Path | None) -> int:
    """A file that is reachable only through its descriptor."""
    if directory is not None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix="unpacked-", dir=directory)
    Path(path).unlink()
    return descriptor


def _write(descriptor: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
