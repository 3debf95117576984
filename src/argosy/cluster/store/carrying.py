"""Checkpoints the write-ahead log into the database alongside writers: it waits for the disk, nobody waits for it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

from argosy.cluster.store.marker import MarkerFile


class Carrier:
    def __init__(self, path: Path, marker: MarkerFile) -> None:
        self._path, self._marker = path, marker
        self._thread: threading.Thread | None = None
        self.carried = 0
        """The newest revision that is known to be on disk."""

    def begin(self, revision: int) -> None:
        """Checkpoints what is committed up to this revision; does nothing while an older checkpoint is running."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._carry, args=(revision,), name="checkpoint", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Waits until no checkpoint is running."""
        if self._thread is not None:
            self._thread.join()

    def _carry(self, revision: int) -> None:
        with suppress(OSError, sqlite3.Error), closing(sqlite3.connect(self._path, isolation_level=None)) as own:
            if carry_over(own):
                self._marker.sync()
                self.carried = revision


def carry_over(database: sqlite3.Connection) -> bool:
    """Whether the log is completely in the database, and both are synced. Raises sqlite3.Error.

    PASSIVE waits for nobody: while a backup reads, the rest is checkpointed later.
    """
    _, pages, carried = database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return bool(pages == carried)
