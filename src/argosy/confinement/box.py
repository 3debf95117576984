"""What one program may see and take: described by who starts it, made by launcher.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Paths are absolute; those that are not there are left out."""

    reads: tuple[str, ...]
    writes: tuple[str, ...] = ()
    scratch: Mapping[str, int] = field(default_factory=dict)
    """Empty directories of its own -> the bytes that each may hold."""
    programs: bool = False
    """Whether a module may start others; an executable always may."""
    proc: bool = False
    """Whether it has a /proc, of its own processes alone."""
    unix_sockets: bool = False
    """For who talks to a program of its own in the same box, as gpg does with its agent."""
    own_user: bool = True
    """A user id that nobody else has, where one may be had; off for who must own files that are there already."""
    tasks: int = 64
    """Processes and threads; 0 leaves that to whoever watches."""
    data_bytes: int = 0
    """Memory of each process; 0 leaves that to whoever watches."""
    memory_bytes: int = 0
    """Of all its processes together, where there are groups (kernel/cgroups.py); else whoever watches counts it."""
    file_bytes: int = 64 * MEBIBYTE
    open_files: int = 512
    ignored: tuple[int, ...] = ()
    """Signals that an executable starts with as ignored."""
    needs: tuple[str, ...] = ()
    """Promises (layers.py) without which it is not started."""
    without: tuple[str, ...] = ()
    """Layers that are left out: what another kernel would not offer, for tests."""

    def description(self, **more: Any) -> dict[str, Any]:
        """As launcher.py reads it."""
        return {
            "reads": list(self.reads),
            "writes": list(self.writes),
            "scratch": dict(self.scratch),
            "programs": self.programs,
            "proc": self.proc,
            "unix_sockets": self.unix_sockets,
            "own_user": self.own_user,
            "tasks": self.tasks,
            "data_bytes": self.data_bytes,
            "memory_bytes": self.memory_bytes,
            "file_bytes": self.file_bytes,
            "open_files": self.open_files,
            "ignored": [int(number) for number in self.ignored],
            "needs": list(self.needs),
            "without": list(self.without),
            **more,
        }
