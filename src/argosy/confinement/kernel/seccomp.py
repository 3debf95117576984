"""The system call filter: a deny list of calls that no sandboxed program needs, as the kernel's classic BPF."""

from __future__ import annotations

import errno
import os
import struct

from argosy.confinement.kernel import calls
from argosy.confinement.kernel.syscalls import ALWAYS_REFUSED, MACHINES, NEWEST, NUMBERS, UNKNOWN

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Final

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4

_NAMESPACES: Final = 0x7E020080
_THREAD: Final = 0x00010000
UNIX: Final = (1,)
INTERNET: Final = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_made: dict[tuple[tuple[int, ...], bool, bool], bytes] = {}


def confine(*, sockets: tuple[int, ...], programs: bool, processes: bool) -> None:
    """Needs no_new_privs. A denied call fails, it does not kill: libraries fall back to other calls."""
    calls.filter_calls(made(sockets=sockets, programs=programs, processes=processes))


def made(*, sockets: tuple[int, ...], programs: bool, processes: bool) -> bytes:
    """The filter for this machine, cached by the starter."""
    key = (sockets, programs, processes)
    if key not in _made:
        _made[key] = filter_of(os.uname().machine, sockets=sockets, programs=programs, processes=processes)
    return _made[key]


def filter_of(machine: str, *, sockets: tuple[int, ...], programs: bool, processes: bool) -> bytes:
    """`sockets`: the allowed families; `programs`: may run other programs; `processes`: may start new processes."""
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"system calls of {machine} are not known here")
    column, architecture = MACHINES[machine]
    refused, unknown = _refused(errno.EPERM), _refused(errno.ENOSYS)
    code = [_op(_LOAD, _ARCHITECTURE_AT), _op(_EQUAL, architecture, 1, 0), unknown]
    code += [_op(_LOAD, _NUMBER_AT), _op(_GREATER, NEWEST, 0, 1), unknown]
    names = list(ALWAYS_REFUSED)
    names += [] if programs else ["execve", "execveat"]
    names += [] if processes else ["fork", "vfork"]
    names += [] if sockets else ["socket"]
    for name in names:
        code += _when(NUMBERS[name][column], [refused])
    for name in UNKNOWN:
        code += _when(NUMBERS[name][column], [unknown])
    code += _when(NUMBERS["clone"][column], _clone(refused, processes=processes))
    code += _when(NUMBERS["ioctl"][column], _ioctl(refused))
    if sockets:
        code += _when(NUMBERS["socket"][column], _socket(sockets))
    return b"".join([*code, _op(_RETURN, _ALLOW)])


def _when(number: int, then: list[bytes]) -> list[bytes]:
    return [_op(_EQUAL, number, 0, len(then)), *then] if number >= 0 else []


def _clone(refused: bytes, *, processes: bool) -> list[bytes]:
    found = [_op(_LOAD, _argument(0)), _op(_ANY_BIT, _NAMESPACES, 0, 1), refused]
    found += [] if processes else [_op(_ANY_BIT, _THREAD, 1, 0), refused]
    return [*found, _op(_RETURN, _ALLOW)]


def _ioctl(refused: bytes) -> list[bytes]:
    """No input into a terminal that somebody else types at."""
    load = _op(_LOAD, _argument(1))
    return [load, _op(_EQUAL, _TIOCSTI, 1, 0), _op(_EQUAL, _TIOCLINUX, 0, 1), refused, _op(_RETURN, _ALLOW)]


def _socket(families: tuple[int, ...]) -> list[bytes]:
    known = [_op(_EQUAL, family, len(families) - place, 0) for place, family in enumerate(families)]
    return [_op(_LOAD, _argument(0)), *known, _refused(errno.EAFNOSUPPORT), _op(_RETURN, _ALLOW)]


def _argument(place: int) -> int:
    """The offset of its lower half."""
    return 16 + 8 * place


def _refused(problem: int) -> bytes:
    return _op(_RETURN, _REFUSE | problem)


def _op(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_so, if_not, value)
