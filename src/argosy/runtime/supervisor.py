"""Keeps the long-running parts of a process going, and stops them in good order.

Parts are caches, engines, lease holders: anything with a `run`. A part that fails is shown and started again
after a back-off; the others go on. Order of stopping: what is at work drains first, while its caches still live.
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
"""Seconds that there are to finish what was begun."""
RESTARTS = Backoff(first=1.0, longest=60.0, jitter=0.5)
STABLE_SECONDS = 300.0
"""A part that ran so long before it failed begins again with the first delay."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Part:
    name: str
    run: Callable[[], Awaitable[None]]
    failures: int = 0
    last_error: str = ""


class Draining(Protocol):
    """Something whose `stop` takes no more work and waits for what was begun."""

    @property
    def is_idle(self) -> bool: ...

    async def stop(self) -> None: ...


class Supervisor:
    """`async with Supervisor(...) as parts:` runs them; leaving the block stops them."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self.parts: list[Part] = []
        self.draining: dict[str, Draining] = {}
        """What is waited for at the end, by its name."""
        self._clock = clock
        self._rng = rng.fork("supervisor")
        self._group: asyncio.TaskGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Starts at once when the supervisor runs already."""
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
            await group.__aexit__(None, None, None)  # which would wrap it: what the block raised leaves it as it is
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
                    # A part that was cancelled may fail on its way out; started again it would never end.
                    log.debug("%s failed while it was stopped: %s", part.name, described(error))
                    return
                stable = self._clock.monotonic() - began >= STABLE_SECONDS
                part.failures = 1 if stable else part.failures + 1
                part.last_error = described(error)
                log.error("%s failed and is started again: %s", part.name, part.last_error)
                await self._clock.sleep(RESTARTS.delay(part.failures, self._rng))
