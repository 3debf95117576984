"""What one program may read and use: described by the caller, set up by launcher.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Paths are absolute; missing ones are left out."""

    reads: tuple[str, ...]
    writes: tuple[str, ...] = ()
    scratch: Mapping[str, int] = field(default_factory=dict)
    """Empty private directories -> the bytes that each may hold."""
    programs: bool = False
    """Whether a module may start other programs; an executable always may."""
    proc: bool = False
    """Whether it has a /proc that shows only its own processes."""
    unix_sockets: bool = False
    """For programs that talk to another program in the same sandbox, as gpg does with its agent."""
    own_user: bool = True
    """Run with a user id that nobody else has, if possible; off for programs that must own existing files."""
    tasks: int = 64
    """Maximum processes and threads; 0 means that the watchdog limits them."""
    data_bytes: int = 0
    """Maximum memory of each process; 0 means that the watchdog limits it."""
    memory_bytes: int = 0
    """Maximum memory of all its processes together, with cgroups (kernel/cgroups.py); else the watchdog counts it."""
    file_bytes: int = 64 * MEBIBYTE
    open_files: int = 512
    ignored: tuple[int, ...] = ()
    """Signals that an executable starts with as ignored."""
    needs: tuple[str, ...] = ()
    """Guarantees (layers.py) without which it is not started."""
    without: tuple[str, ...] = ()
    """Layers to leave out, as if the kernel did not support them: for tests."""

    def description(self, **more: Any) -> dict[str, Any]:
        """In the form that launcher.py reads."""
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
