"""What a render worker gives up before its first job: network, core dumps, large files, outliving its parent.

Run in the child, before any library with threads is loaded. What the system refuses is reported and not fatal: a
container without user namespaces still renders, with the limits that remain (spec/security.md, trust boundaries).
Memory is watched by the parent, because Go reserves more address space than any useful RLIMIT_AS.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Final

FILE_SIZE_LIMIT: Final = 64 * 1024 * 1024
OPEN_FILES_LIMIT: Final = 512
CPU_SECONDS_PER_JOB: Final = 90

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38


def confine() -> dict[str, bool]:
    """Gives up all that can be given up; answers which of `network` and `privileges` are really gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, FILE_SIZE_LIMIT)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES_LIMIT)
    network = libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWNET) == 0
    return {"network": network, "privileges": libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0}


def allow_cpu(seconds: int = CPU_SECONDS_PER_JOB) -> None:
    """From now on this process may burn `seconds` more; then the system kills it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = int(used.ru_utime + used.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, hard))


def new_process_group() -> None:
    """So that whatever a worker starts dies with it."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (ceiling, ceiling))
