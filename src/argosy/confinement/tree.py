"""A process and its descendants, from /proc: their use of resources, and killing them."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module around it loads enum
import os

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

ROUNDS: Final = 64
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_LISTS_CHILDREN: Final = os.path.exists("/proc/self/task") and os.path.exists("/proc/thread-self/children")
"""Some kernels do not have it; there each process is asked for its parent."""


def below(root: int) -> list[int]:
    """All descendants of a process, and itself first."""
    found, waiting = [root], [root]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def every() -> list[int]:
    """All visible processes."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def end(root: int) -> None:
    """Kills all descendants of a process, but not itself: stopped first, so that none forks meanwhile."""
    for _ in range(ROUNDS):
        others = below(root)[1:]
        if not others:
            return
        for signal in (_signal.SIGSTOP, _signal.SIGKILL):
            for pid in others:
                _send(pid, signal)
        _bury()


def resident_bytes(pids: list[int]) -> int:
    """Memory that processes share counts for each of them: fast, and never too low."""
    return sum(_resident(pid) for pid in pids)


def held_bytes(pids: list[int]) -> int:
    """Shared memory counts once; falls back to `resident_bytes` if the system does not report it."""
    return sum(_share(pid) for pid in pids)


def processor_seconds(pids: list[int]) -> float:
    """Of the living ones, and of those that they have reaped."""
    return sum(_processor(pid) for pid in pids)


def task_count(pids: list[int]) -> int:
    return sum(_tasks(pid) for pid in pids)


def _children(pid: int) -> Iterator[int]:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    if not _LISTS_CHILDREN:
        yield from (other for other in every() if _parent(other) == pid)
        return
    for task in tasks:
        text = _text(f"/proc/{pid}/task/{task}/children")
        yield from (int(word) for word in text.split())


def _parent(pid: int) -> int:
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _tasks(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _resident(pid: int) -> int:
    fields = _text(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def _share(pid: int) -> int:
    for line in _text(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return _resident(pid)


def _processor(pid: int) -> float:
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS if len(fields) > 14 else 0.0


def _text(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 65536).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


def _bury() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return
