"""Assembles the renderer for callers that wire a process: `argosy up`, `argosy render PATH`, tests."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from argosy.machinery.objects import JsonObject
from argosy.render.cache import Counters, Pause, RenderCache
from argosy.render.inputs import AnswerBook
from argosy.render.port import Rendered, RenderRequest
from argosy.render.renderer import Fetcher, WorkerRenderer
from argosy.render.workers.pool import RenderPool
from argosy.render.workers.process import Limits, WorkerProcess
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.slices import Slices


class RenderWorkers:
    """The `port.Renderer` with its own pool and cache. A context manager, or `close` it."""

    def __init__(
        self,
        clock: Clock,
        rng: Rng,
        *,
        fetcher: Fetcher | None = None,
        size: int = 0,
        limits: Limits | None = None,
        cache_bytes: int = 256 * 1024 * 1024,
        plugins: Sequence[JsonObject] = (),
        pause: Pause | None = None,
        slices: Slices | None = None,
    ) -> None:
        book = AnswerBook()
        self._pool = RenderPool(clock, book, size=size, limits=limits)
        self._cache = RenderCache(rng.token_bytes(32), capacity=cache_bytes, pause=pause)
        self._renderer = WorkerRenderer(self._pool, self._cache, book, clock, fetcher, plugins, slices)

    @property
    def counters(self) -> Counters:
        """Counters `renders`, `hits`, `misses`, `forged` since the start."""
        return self._cache.counters

    @property
    def processes(self) -> tuple[WorkerProcess, ...]:
        """The current workers."""
        return self._pool.processes

    async def render(self, request: RenderRequest) -> Rendered:
        return await self._renderer.render(request)

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
