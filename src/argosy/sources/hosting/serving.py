"""Runs applications on loopback in a thread of its own, so that their clients may use virtual time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from aiohttp import web


class Serving:
    """`with Serving([app, other]) as ports:` each gets a free port."""

    def __init__(self, applications: Sequence[web.Application]) -> None:
        self._applications = applications
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hosting", daemon=True)
        self._runners: list[web.AppRunner] = []

    def __enter__(self) -> list[int]:
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()

    def __exit__(self, *exc_info: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> list[int]:
        ports = []
        for application in self._applications:
            runner = web.AppRunner(application, access_log=None)
            await runner.setup()
            self._runners.append(runner)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            ports.append(int(runner.addresses[0][1]))
        return ports

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
