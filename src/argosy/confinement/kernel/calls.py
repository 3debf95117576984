"""System calls that Python has no function for. Each raises OSError."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

from argosy.confinement.kernel.syscalls import MACHINES, NUMBERS

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Final

NEWNS: Final = 0x00020000
NEWCGROUP: Final = 0x02000000
NEWUTS: Final = 0x04000000
NEWIPC: Final = 0x08000000
NEWUSER: Final = 0x10000000
NEWPID: Final = 0x20000000
NEWNET: Final = 0x40000000

_CLONE_PIDFD: Final = 0x1000
_SIGCHLD: Final = 17

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_CAPBSET_DROP: Final = 24
PR_SET_CHILD_SUBREAPER: Final = 36
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
LAST_CAPABILITY: Final = 63

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
MNT_DETACH: Final = 2
AT_FDCWD: Final = -100
AT_RECURSIVE, AT_EMPTY_PATH = 0x8000, 0x1000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH: Final = 4
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4

_libc = ctypes.CDLL(None, use_errno=True)
MACHINE: Final = MACHINES.get(os.uname().machine) if sys.platform == "linux" else None


def call(name: str, *arguments: object) -> int:
    """A system call by name; text is a path, None a null pointer."""
    if MACHINE is None:
        raise OSError(38, f"{name}: system calls of {os.uname().machine} are not known here")
    return number(NUMBERS[name][MACHINE[0]], name, *arguments)


def number(what: int, name: str, *arguments: object) -> int:
    given = [os.fsencode(item) if isinstance(item, str) else item for item in arguments]
    ready = [ctypes.c_long(item) if isinstance(item, int) else item for item in given]
    found: int = _libc.syscall(ctypes.c_long(what), *ready)
    if found < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, f"{name}: {os.strerror(problem)}")
    return found


def prctl(option: int, *arguments: int) -> None:
    if sys.platform != "linux":
        raise OSError(38, "prctl: is there on Linux alone")
    filled = [*arguments, 0, 0, 0, 0][:4]
    if _libc.prctl(option, *(ctypes.c_ulong(item) for item in filled)) < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, f"prctl {option}: {os.strerror(problem)}")


def unshare(flags: int) -> None:
    call("unshare", flags)


def fork(flags: int) -> tuple[int, int]:
    """A fork into new namespaces: the child's number and its pidfd (kernel 5.2 and newer); (0, -1) in the child.

    Only for a process with one thread and without at-fork handlers: Python is not notified of it.
    """
    handle = ctypes.c_int(-1)
    child = call("clone", flags | _CLONE_PIDFD | _SIGCHLD, None, ctypes.byref(handle), None, None)
    return child, handle.value if child else -1


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    call("mount", source, target, kind, flags, data)


def clone_tree(path: str) -> int:
    """A detached copy of the mount at a path, as a descriptor."""
    return call("open_tree", AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)


def set_attributes(tree: int, attributes: int, *, recursive: bool = True) -> None:
    """Sets attributes of a tree's mounts: read-only and so on."""
    block = ctypes.create_string_buffer(attributes.to_bytes(8, "little") + bytes(24), 32)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    call("mount_setattr", tree, "", flags, ctypes.byref(block), 32)


def attach_tree(tree: int, target: str) -> None:
    call("move_mount", tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)


def drop_capabilities_for_good() -> None:
    """No program may gain privileges, whatever file it is."""
    for capability in range(LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            return  # there are no more, or no right to drop any; no_new_privs applies all the same


def drop_capabilities() -> None:
    """Drops all capabilities of this process."""
    with contextlib.suppress(OSError):
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)(0, 0, 0, 0, 0, 0)
    if _libc.capset(ctypes.byref(header), ctypes.byref(data)) < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, f"capset: {os.strerror(problem)}")


def filter_calls(program: bytes) -> None:
    """Loads a seccomp filter: instructions of eight bytes."""
    code = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = Program(len(program) // 8, ctypes.addressof(code))
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(whole))
