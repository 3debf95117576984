"""What a data directory is known to hold, beside the database: one line, `cluster.marker`.

SQLite takes a write-ahead log that is missing or damaged for one that was never written, and begins again at its last
checkpoint, or with nothing. The marker knows better: after each commit it says which revision was reached. While the
machine is up the database must have that revision. After the machine itself went down only what was synced is
promised (`synchronous=NORMAL`), and that is noted too.

The marker's lock is the store's: one process at a time.
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
    """Of the machine, when the line was written."""
    revision: int
    synced: int
    """The newest revision that survives the machine's death."""

    def line(self) -> bytes:
        """Always as long as any other one, so that writing it anew leaves nothing of the old."""
        return (
            f"argosy cluster {self.cluster} boot {self.boot} revision {self.revision:020} synced {self.synced:020}\n"
        ).encode()

    def promised(self, boot: str) -> int:
        """The revision that the database must have reached."""
        return self.revision if boot == self.boot else self.synced


def boot_of_machine() -> str:
    """Changes whenever the machine starts; `unknown` never equals itself across starts that nobody can tell apart."""
    try:
        return BOOT.read_text().strip() or "unknown"
    except OSError:
        return "unknown"


def read_mark(path: Path) -> Mark | None:
    """None where there is none. Raises OSError for a file that says something else."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.strip(b"\0"):
        return None  # made, and the process or the machine died before the first line
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
        """Raises OSError when another process holds it."""
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
        """Waits until the disk has what was written. Raises OSError."""
        os.fsync(self._file)

    def close(self) -> None:
        """A second time does nothing."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)
