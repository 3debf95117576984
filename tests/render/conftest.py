"""A renderer over real workers, and trees made of a dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from argosy.render.cache import RenderCache
from argosy.render.inputs import AnswerBook
from argosy.render.port import Rendered, RenderRequest
from argosy.render.renderer import WorkerRenderer
from argosy.render.workers.pool import RenderPool
from argosy.render.workers.process import Limits
from argosy.sources.tree import MemoryStorage, RootedTree

T = TypeVar("T")


class Still:
    """A clock that a test moves by hand; outside work is simply awaited."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        raise AssertionError("nothing here sleeps")

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> Any:
        return _NoTimer()

    async def external(self, work: Awaitable[T], *, takes: float = 0.0) -> T:
        return await work


class _NoTimer:
    def cancel(self) -> None:
        pass


@dataclass
class Bench:
    """Pool, cache and renderer with plain calls around them."""

    clock: Still = field(default_factory=Still)
    limits: Limits = field(default_factory=Limits)
    fetcher: Any = None
    plugins: Any = ()
    book: AnswerBook = field(default_factory=AnswerBook)
    cache: RenderCache = field(default_factory=lambda: RenderCache(b"k" * 32))

    def __post_init__(self) -> None:
        self.pool = RenderPool(self.clock, self.book, size=1, limits=self.limits)
        self.renderer = WorkerRenderer(self.pool, self.cache, self.book, self.clock, self.fetcher, self.plugins)

    def render(self, files: Mapping[str, bytes | str] | RootedTree, /, **more: Any) -> Rendered:
        return asyncio.run(self.renderer.render(request(files, **more)))


def tree(files: Mapping[str, bytes | str], links: Mapping[str, str] | None = None) -> RootedTree:
    plain = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
    return RootedTree(MemoryStorage(plain, links))


def request(files: Mapping[str, bytes | str] | RootedTree, /, **more: Any) -> RenderRequest:
    source = {"repoURL": "https://git.example.com/r.git", "path": "app", **more.pop("source", {})}
    defaults: dict[str, Any] = {
        "revision": "0123456789012345678901234567890123456789",
        "app_name": "web",
        "release_name": "web",
        "namespace": "prod",
    }
    where = files if isinstance(files, RootedTree) else tree(files)
    return RenderRequest(source=source, tree=where, **{**defaults, **more})


@pytest.fixture(scope="module")
def shared_bench() -> Iterator[Bench]:
    """One bench for tests that leave no trace on it but cache entries."""
    made = Bench()
    yield made
    made.pool.close()


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**options: Any) -> Bench:
        made.append(Bench(**options))
        return made[-1]

    yield make
    for bench in made:
        bench.pool.close()


@pytest.fixture(scope="session")
def make_tree() -> Callable[..., RootedTree]:
    return tree


@pytest.fixture(scope="session")
def make_request() -> Callable[..., RenderRequest]:
    return request
