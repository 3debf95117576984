"""The server's port."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from argosy.cluster.http.server import serve
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock


def test_a_port_that_another_program_takes_between_binding_and_listening_is_an_error_of_its_own_class() -> None:
    async def never(_request: object) -> Any:
        raise AssertionError("nobody asks")

    async def story(rival: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        create_server = loop.create_server

        async def overtaken(*arguments: Any, **options: Any) -> asyncio.Server:
            made = await create_server(*arguments, **options)
            rival.bind(made.sockets[0].getsockname())
            rival.listen()
            return made

        loop.create_server = overtaken  # type: ignore[method-assign]
        with pytest.raises(OSError, match="in use") as refused:
            async with serve(never, clock=RealClock(), rng=SeededRng(1), tls=None):
                raise AssertionError("both listen")
        assert refused.value.errno == errno.EADDRINUSE

    with socket.socket() as rival:
        rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        asyncio.run(story(rival))
