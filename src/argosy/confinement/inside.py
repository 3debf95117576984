"""Functions for modules that run in a sandbox."""

from __future__ import annotations

import os

memory_file: int = -1
"""`/proc/self/statm` of the program, opened before /proc became invisible: the descriptor stays valid."""


def address_space() -> int:
    """Resident bytes of this process; 0 if the system does not report it."""
    try:
        fields = os.pread(memory_file, 256, 0).split()
    except OSError:
        return 0
    return int(fields[0]) * os.sysconf("SC_PAGE_SIZE") if fields else 0
