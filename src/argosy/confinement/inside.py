"""What a module that runs in a box asks of it."""

from __future__ import annotations

import os

memory_file: int = -1
"""`/proc/self/statm` of the program, by a /proc that it cannot see: a descriptor that stays good."""


def address_space() -> int:
    """Bytes of it that this process has; 0 where the system does not tell."""
    try:
        fields = os.pread(memory_file, 256, 0).split()
    except OSError:
        return 0
    return int(fields[0]) * os.sysconf("SC_PAGE_SIZE") if fields else 0
