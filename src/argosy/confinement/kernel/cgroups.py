"""Cgroups (v2): the kernel limits memory and number of all processes in a group together, and kills them all.

They are created only in a group that was delegated to this process: the one that `ARGOSY_CGROUP` names, or its own
or its parent if a service manager has marked it as delegated (systemd: Delegate=yes, DelegateSubgroup=...).
Source: the kernel's Documentation/admin-guide/cgroup-v2.rst; systemd's CGROUP_DELEGATION.
"""

from __future__ import annotations

import contextlib
import os

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

VARIABLE: Final = "ARGOSY_CGROUP"
CONTROLLERS: Final = ("memory", "pids")
PREFIX: Final = "argosy-box-"
MARKS: Final = ("trusted.delegate", "user.delegate")


class Unusable(OSError):
    """Why no group can be created; the end of a sentence for `argosy doctor`."""


def place(environment: Mapping[str, str], mounts: str = "/proc/self/mounts", own: str = "/proc/self/cgroup") -> str:
    """The directory to create groups in. Raises Unusable."""
    if given := environment.get(VARIABLE, "").strip():
        return _divided(given)
    root = next((line.split()[1] for line in _lines(mounts) if line.split()[2:3] == ["cgroup2"]), "")
    if not root:
        raise Unusable("there is no cgroup v2 here")
    path = next((line[3:] for line in _lines(own) if line.startswith("0::")), "/").rstrip("/")
    for candidate in (f"{root}{path}", f"{root}{path.rpartition('/')[0]}"):
        if _is_delegated(candidate):
            return _divided(candidate)
    raise Unusable(f"no cgroup was given to this process to divide (systemd: Delegate=yes), and {VARIABLE} names none")


def make(directory: str, name: str, *, memory_bytes: int, tasks: int) -> str:
    """A new group; 0 means no limit. Raises OSError."""
    made = f"{directory}/{PREFIX}{name}"
    os.mkdir(made, 0o755)
    try:
        if memory_bytes:
            _write(f"{made}/memory.max", str(memory_bytes))
            for file, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                with contextlib.suppress(OSError):  # not every kernel counts swap
                    _write(f"{made}/{file}", value)
        if tasks:
            _write(f"{made}/pids.max", str(tasks))
    except OSError:
        remove(made)
        raise
    return made


def join(group: str) -> None:
    """Adds this process and so all its future children. Raises OSError."""
    _write(f"{group}/cgroup.procs", "0")


def kill(group: str) -> None:
    """Kills all its processes at once (kernel 5.14 and newer)."""
    with contextlib.suppress(OSError):
        _write(f"{group}/cgroup.kill", "1")


def remove(group: str) -> bool:
    """Whether it was removed: one with processes in it stays."""
    try:
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _divided(directory: str) -> str:
    """The directory whose child groups get the needed controllers. Raises Unusable."""
    known = " ".join(_lines(f"{directory}/cgroup.controllers")).split()
    if missing := [name for name in CONTROLLERS if name not in known]:
        raise Unusable(f"{directory} has no controller for {' and '.join(missing)}")
    if not all(name in " ".join(_lines(f"{directory}/cgroup.subtree_control")).split() for name in CONTROLLERS):
        try:
            _write(f"{directory}/cgroup.subtree_control", " ".join(f"+{name}" for name in CONTROLLERS))
        except OSError as error:
            raise Unusable(f"{directory} cannot be divided: {error.strerror}") from None
    if not os.access(directory, os.W_OK):
        raise Unusable(f"{directory} may not be written to")
    return directory


def _is_delegated(directory: str) -> bool:
    for mark in MARKS:
        with contextlib.suppress(OSError):
            if os.getxattr(directory, mark) == b"1":
                return True
    return False


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _lines(path: str) -> list[str]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return os.read(descriptor, 65536).decode("utf-8", "replace").splitlines()
    finally:
        os.close(descriptor)
