"""The egress of a sandbox, if it has any: a listener in its own network, which its parent serves."""

from __future__ import annotations

import _socket
import fcntl
import sys

from argosy.confinement import layers

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any, Final

PROXY_PORT: Final = 1080
"""The port of its own 127.0.0.1 on which a sandbox with egress finds it."""


def way_out(box: dict[str, Any], held: set[str]) -> int:
    """Sends the parent a listening socket of this network, by which it accepts the program's connections."""
    if box["gate"] < 0:
        return 0
    if layers.NETWORK in held:
        _start_loopback()
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", PROXY_PORT if layers.NETWORK in held else 0))
    listener.listen(16)
    port: int = listener.getsockname()[1]
    gate = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, box["gate"])
    number = listener.fileno().to_bytes(4, sys.byteorder)
    gate.sendmsg([b"!"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, number)])
    gate.close()
    listener.close()
    return port


def _start_loopback() -> None:
    with_name = b"lo".ljust(16, b"\0")
    up_and_running = (0x1 | 0x40).to_bytes(2, sys.byteorder)
    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(control.fileno(), 0x8914, with_name + up_and_running.ljust(24, b"\0"))  # SIOCSIFFLAGS
    control.close()
