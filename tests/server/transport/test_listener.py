"""What the API server does with its port."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.server.transport.listener import listening


def test_a_port_that_is_taken_is_an_error_that_its_own_class_catches() -> None:
    async def never(*_request: object) -> Any:
        raise AssertionError("nobody asks")

    async def story(port: int) -> None:
        clock, rng = RealClock(), SeededRng(1)
        with pytest.raises(OSError, match="in use") as refused:
            async with listening(never, never, clock=clock, rng=rng, tls=lambda: None, address="127.0.0.1", port=port):
                raise AssertionError("it has the port of another")
        assert refused.value.errno == errno.EADDRINUSE

    with socket.create_server(("127.0.0.1", 0)) as taken:
        asyncio.run(story(taken.getsockname()[1]))
