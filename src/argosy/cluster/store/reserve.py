"""A file that is deleted when the disk is full, so that accepted writes are still stored and deletes still work."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

SIZE = 4 << 20
"""In bytes: more than the largest batch of one turn, and a checkpoint of the write-ahead log."""


class Reserve:
    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size
        self.held = False

    def hold(self) -> bool:
        """Whether the reserve exists; allocates it if possible."""
        if self.held:
            return True
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(descriptor, 0, self._size)
            self.held = True
        except OSError:
            self.release()
        finally:
            os.close(descriptor)
        return self.held

    def release(self) -> bool:
        """Whether there was any reserve to release."""
        self.held = False
        with suppress(OSError):
            there = self._path.stat().st_blocks > 0
            self._path.unlink()
            return there
        return False
