"""Which process waits for which, and what is killed when."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module around it loads enum
import os
import resource
import select
import sys

from argosy.confinement import tree
from argosy.confinement.kernel import calls

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import NoReturn


def die_with_parent(number: int = _signal.SIGKILL) -> None:
    """Where the system supports it; elsewhere a worker still ends with its pipe."""
    try:
        calls.prctl(calls.PR_SET_PDEATHSIG, number)
    except OSError:
        return


def end_if_orphaned(writes: int) -> None:
    """Our parent may have died before we requested the notification."""
    poll = select.poll()
    poll.register(writes, 0)
    if any(event & select.POLLERR for _, event in poll.poll(0)):
        os._exit(1)


def buried(program: int) -> int:
    while True:
        try:
            found, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        if found == program:
            return status


def end_all(status: int, ends: int = -1) -> NoReturn:
    """Kills everything that was started, and this process; `ends`: where that is reported, if anywhere."""
    tree.end(os.getpid())
    if ends >= 0:
        tell_end(ends, status)
    end_as(status)


def tell_end(tells: int, status: int) -> None:
    """Reports how the program ended, to a reader that may no longer exist."""
    try:
        os.write(tells, status.to_bytes(4, sys.byteorder))
    except OSError:
        return


def end_as(status: int) -> NoReturn:
    """Exits with the program's own status, including a signal."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def close_all_but(*kept: int) -> None:
    """Closes descriptors so that a pipe ends when the program does."""
    last = 0
    for descriptor in sorted(kept):
        os.closerange(last, descriptor)
        last = descriptor + 1
    os.closerange(last, 65536)
