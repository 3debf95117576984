"""Ports for programs that cannot be given an open socket."""

from __future__ import annotations

import os
import socket
from itertools import count

HOST = "127.0.0.1"
BELOW_EPHEMERAL = range(20_000, 32_000)
"""No kernel gives these to an outgoing connection between our look and the program's start (Linux begins at 32768)."""

_numbers = count(os.getpid() * 97)


def free_port() -> int:
    """One that nobody listens on; given once per process, and test workers begin at different places."""
    for number in _numbers:
        port = BELOW_EPHEMERAL[number % len(BELOW_EPHEMERAL)]
        if _can_be_had(port):
            return port
    raise AssertionError("count() has no end")


def _can_be_had(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
