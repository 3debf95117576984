"""A process that starts programs for its parent: small, with all loaded that a launcher needs; a start is a fork.

One message a start: the description, and with it the program's standard streams, where to tell how it went and how it
ended, and its gate. It ends when its parent does, and so does all that it started.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module around it loads enum
import _socket
import marshal
import os
import sys

from argosy.confinement.launch import launcher

TYPE_CHECKING = False  # typing takes longer to load than all else here
if TYPE_CHECKING:
    from typing import Final, NoReturn

MESSAGE_LIMIT: Final = 1 << 18
DESCRIPTORS: Final = 6

_waited_for: dict[int, int] = {}
"""Process -> where its end is told."""
_ended: dict[int, int] = {}
"""Of processes that ended before we knew where to tell it: the status."""


def main() -> None:
    """`argv`: the descriptor of the socket to the parent."""
    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, int(sys.argv.pop()))
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    _signal.signal(_signal.SIGCHLD, lambda *_: _bury())
    while True:
        room = _socket.CMSG_SPACE(DESCRIPTORS * 4)
        message, attached, _, _ = channel.recvmsg(MESSAGE_LIMIT, room, getattr(_socket, "MSG_CMSG_CLOEXEC", 0))
        if not message:
            os._exit(0)
        given = [descriptor for _, _, data in attached for descriptor in _numbers(data)]
        _start(channel, message, given)


def _start(channel: _socket.socket, message: bytes, given: list[int]) -> None:
    streams, tells, ends, gates = given[:3], given[3], given[4], given[5:]
    own = os.getpid()
    child = os.fork()
    if not child:
        channel.close()
        _become(message, streams, tells, gates, own)
    for descriptor in [*streams, tells, *gates]:
        os.close(descriptor)
    handle = os.pidfd_open(child)
    _waited_for[child] = ends
    if child in _ended:
        _tell(child, _ended.pop(child))
    packed = handle.to_bytes(4, sys.byteorder)
    channel.sendmsg([child.to_bytes(4, sys.byteorder)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])
    os.close(handle)


def _become(message: bytes, streams: list[int], tells: int, gates: list[int], starter: int) -> NoReturn:
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    for ends in _waited_for.values():
        os.close(ends)
    box = marshal.loads(message)  # noqa: S302  (our parent wrote it)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    box["tells"], box["gate"] = tells, gates[0] if gates else -1
    launcher.run(box, starter)


def _bury() -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        if child in _waited_for:
            _tell(child, status)
        else:
            _ended[child] = status


def _tell(child: int, status: int) -> None:
    ends = _waited_for.pop(child)
    try:
        os.write(ends, status.to_bytes(4, sys.byteorder))
    except OSError:
        os.close(ends)  # nobody waits for it
        return
    os.close(ends)


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data) - 3, 4)]
