"""A process that starts programs for its parent: small, with everything preloaded that a launcher needs, so it forks.

One message per start: the description, and with it the program's standard streams, where to report the start and the
end, and its gate. It exits when its parent does, and so does everything that it started. Values shared by many programs
are computed here, before the fork: resolved paths, the system call filter, user ids.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module around it loads enum
import _socket
import contextlib
import gc
import marshal
import os
import sys
import time

from argosy.confinement import layers
from argosy.confinement.kernel import seccomp
from argosy.confinement.launch import identity, launcher, layering, layout, namespaces, reaping

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any, Final, NoReturn

MESSAGE_LIMIT: Final = 1 << 18
DESCRIPTORS: Final = 6
REMEMBERED_SECONDS: Final = 10.0
"""Seconds for which a path resolution is cached."""


def main() -> None:
    """`argv`: the descriptor of the socket to the parent."""
    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, int(sys.argv.pop()))
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    _signal.signal(_signal.SIGCHLD, lambda *_: _bury())
    gc.disable()  # pages that are touched after a fork are copied
    alive, lives = os.pipe()
    looked_at = 0.0
    while True:
        room = _socket.CMSG_SPACE(DESCRIPTORS * 4)
        message, attached, _, _ = channel.recvmsg(MESSAGE_LIMIT, room, getattr(_socket, "MSG_CMSG_CLOEXEC", 0))
        if not message:
            os._exit(0)
        given = [descriptor for _, _, data in attached for descriptor in _numbers(data)]
        box = marshal.loads(message)  # noqa: S302  (our parent wrote it)
        now = time.monotonic()  # noqa: TID251  (the machine's own files do not change by a virtual clock)
        if now - looked_at >= REMEMBERED_SECONDS:
            looked_at = now
            layout.forget()
        child, handle, held = _forked(box, given)
        if not child:
            os.close(alive)
            channel.close()
            _become(box, given, held, lives)
        _answer(channel, child, handle, given)


def _forked(box: dict[str, Any], given: list[int]) -> tuple[int, int, set[str]]:
    box["tells"], box["gate"] = given[3], given[5] if len(given) > 5 else -1
    layout.remember(box["reads"])
    layout.remember(layout.DEVICES)
    identity.users()
    if layers.SECCOMP not in box["without"]:
        with contextlib.suppress(OSError):  # the program runs without it, if it may
            seccomp.made(**layering.calls_of(box))
    return namespaces.forked(box)


def _answer(channel: _socket.socket, child: int, handle: int, given: list[int]) -> None:
    for descriptor in given:
        os.close(descriptor)
    packed = handle.to_bytes(4, sys.byteorder)
    channel.sendmsg([child.to_bytes(4, sys.byteorder)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])
    os.close(handle)


def _become(box: dict[str, Any], given: list[int], held: set[str], lives: int) -> NoReturn:
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    reaping.die_with_parent()
    reaping.end_if_orphaned(lives)
    os.close(lives)
    for number, descriptor in enumerate(given[:3]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    launcher.run_forked(box, held, given[4])


def _bury() -> None:
    """Their end is reported by them and by their pidfd; here only their processor time is recorded."""
    while True:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data) - 3, 4)]
