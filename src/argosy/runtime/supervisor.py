"""Keeps the long-running parts of a process running, and stops them in order.

Parts are caches, engines, lease holders: anything with a `run`. A failed part is reported and restarted
after a back-off; the others continue. Order of stopping: running work drains first, while its caches still live.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from argosy.machinery.unexpected import described
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock

GRACE = 20.0
"""Seconds allowed to finish running work."""
RESTARTS = Backoff(first=1.0, longest=60.0, jitter=0.5)
STABLE_SECONDS = 300.0
"""A part that ran for this long before it failed restarts with the first delay."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Part:
    name: str
    run: Callable[[], Awaitable[None]]
    failures: int = 0
    last_error: str = ""


class Draining(Protocol):
    """Something whose `stop` accepts no more work and waits for what was started."""

    @property
    def is_idle(self) -> bool: ...

    async def stop(self) -> None: ...


class Supervisor:
    """`async with Supervisor(...) as parts:` runs them; leaving the block stops them."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self.parts: list[Part] = []
        self.draining: dict[str, Draining] = {}
        """The works to wait for at the end, by name."""
        self._clock = clock
        self._rng = rng.fork("supervisor")
        self._group: asyncio.TaskGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Starts at once when the supervisor is already running."""
        part = Part(name, run)
        self.parts.append(part)
        self._start(part)

    async def __aenter__(self) -> Self:
        group = asyncio.TaskGroup()
        self._group = await group.__aenter__()
        for part in self.parts:
            self._start(part)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        if error is None:
            await self._drain()
        for task in self._tasks:
            task.cancel()
        assert group is not None
        if isinstance(error, Exception):
            await group.__aexit__(None, None, None)  # which would wrap it: the block's exception is raised unchanged
        else:
            await group.__aexit__(kind, error, trace)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(GRACE), asyncio.TaskGroup() as tasks:
                for one in self.draining.values():
                    tasks.create_task(one.stop())
        except TimeoutError:
            busy = [name for name, one in self.draining.items() if not one.is_idle]
            log.warning("stopped while still at work: %s", ", ".join(busy))

    def _start(self, part: Part) -> None:
        if self._group is not None:
            self._tasks.append(self._group.create_task(self._keep(part), name=part.name))

    async def _keep(self, part: Part) -> None:
        while True:
            began = self._clock.monotonic()
            try:
                await part.run()
                return
            except Exception as error:
                if self._group is None:
                    # A part that was cancelled may fail while it stops; restarted it would never end.
                    log.debug("%s failed while it was stopped: %s", part.name, described(error))
                    return
                stable = self._clock.monotonic() - began >= STABLE_SECONDS
                part.failures = 1 if stable else part.failures + 1
                part.last_error = described(error)
                log.error("%s failed and is started again: %s", part.name, part.last_error)
                await self._clock.sleep(RESTARTS.delay(part.failures, self._rng))
