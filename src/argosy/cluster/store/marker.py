"""Records next to the database what a data directory must contain: one line, `cluster.marker`.

SQLite treats a missing or damaged write-ahead log as one that was never written, and starts again at its last
checkpoint, or with nothing. The marker detects that: after each commit it records which revision was reached. While
the machine is up the database must have that revision. After a crash of the machine only what was synced is
guaranteed (`synchronous=NORMAL`), and that is recorded too.

The marker's lock is the store's lock: one process at a time.
"""

from __future__ import annotations

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
_LINE = re.compile(rb"argosy cluster (\S+) boot (\S+) revision (\d+) synced (\d+)\n")


@dataclass(frozen=True, slots=True)
class Mark:
    cluster: str
    """The identity that the database has too."""
    boot: str
    """The machine's boot id when the line was written."""
    revision: int
    synced: int
    """The newest revision that survives a crash of the machine."""

    def line(self) -> bytes:
        """All lines have the same length, so that overwriting leaves nothing of the old one."""
        return (
            f"argosy cluster {self.cluster} boot {self.boot} revision {self.revision:020} synced {self.synced:020}\n"
        ).encode()

    def promised(self, boot: str) -> int:
        """The revision that the database must have reached."""
        return self.revision if boot == self.boot else self.synced


def boot_of_machine() -> str:
    """Changes whenever the machine boots; `unknown` never equals itself, since different boots look the same then."""
    try:
        return BOOT.read_text().strip() or "unknown"
    except OSError:
        return "unknown"


def read_mark(path: Path) -> Mark | None:
    """None if there is no marker. Raises OSError for an invalid file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.strip(b"\0"):
        return None  # created, but the process or the machine crashed before the first line
    found = _LINE.match(content)
    if found is None:
        raise OSError(
            f"{path} is damaged: it is not what Argosy writes there. Delete it if the database is to be trusted"
        )
    cluster, boot, revision, synced = found.groups()
    return Mark(cluster.decode(), boot.decode(), int(revision), int(synced))


class MarkerFile:
    """The open marker of a store in use."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when another process has the lock."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise OSError(
                f"{path.parent} is in use by another process: stop that one first, or give each a directory of its own"
            ) from None

    def write(self, mark: Mark, *, sync: bool = False) -> None:
        """Raises OSError when the disk refuses."""
        os.pwrite(self._file, mark.line(), 0)
        if sync:
            self.sync()

    def sync(self) -> None:
        """Waits until the written data is on disk. Raises OSError."""
        os.fsync(self._file)

    def close(self) -> None:
        """A second call does nothing."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)
