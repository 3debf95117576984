"""The tools that steps use, put together: git, HTTP, registries, rendering, time and randomness."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from argosy.promotion.adapters.git import GitTool, Identity
from argosy.promotion.urls import normalise_git, normalise_image
from argosy.render.port import Renderer
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, InsteadOf
from argosy.sources.registry.client import RegistryClient

T = TypeVar("T")
THREADS: Final = 32
WAITING: Final = 512
"""Threads that wait for remotes: a slow repository delays no other push."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The tools of a process; `given` binds them to the credentials of one run of a step."""

    git: GitTool
    egress: Egress
    registry: RegistryClient
    renderer: Renderer | None
    clock: Clock
    rng: Rng
    threads: ThreadPoolExecutor
    identity: Identity = field(default_factory=Identity)
    push_integration: str = "AlwaysRebase"
    github_push_revisions: int = 10
    github_push_verifies_all: bool = False
    oci_push_bytes: int = 1024 * 1024 * 1024
    pulls: Callable[[str], Any] | None = None
    """URL -> a replacement for its pull requests' API (`pulls.port.PullRequests`); None means the host's API."""
    found: Any = None
    """(type, URL) -> Credentials, of one run."""

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await self.clock.external(_threaded(self.threads, work))

    async def send(self, method: str, url: str, credentials: Credentials, **more: Any) -> Answer:
        return await self.clock.external(self.egress.request(method, url, credentials, **more))

    async def fetch(self, url: str, credentials: Credentials, *, limit: int, authorization: str = "") -> Answer:
        """GET with redirects; headers that identify the caller are only sent to the URL's own host."""
        return await self.clock.external(self.egress.get(url, credentials, limit=limit, authorization=authorization))

    @property
    def chance(self) -> Chance:
        return Chance(self.rng)

    def credentials(self, kind: str, url: str) -> Credentials | None:
        normal = normalise_git if kind == "git" else normalise_image
        for (other, name), given in (self.found or {}).items():
            if other == kind and normal(name) == normal(url):
                return given  # type: ignore[no-any-return]
        return None

    def given(self, found: dict[tuple[str, str], Credentials], identity: Identity | None = None) -> Tools:
        return replace(self, found=found, identity=identity or self.identity)


class Chance:
    def __init__(self, rng: Rng) -> None:
        self._rng = rng

    def random(self) -> float:
        """At least 0, less than 1."""
        return self._rng.uniform(0.0, 1.0)


def make_git(
    clock: Clock,
    threads: ThreadPoolExecutor,
    waiting: ThreadPoolExecutor,
    *,
    allow_local: bool = False,
    instead_of: InsteadOf | None = None,
) -> GitTool:
    return GitTool(
        threaded(clock, threads), allow_local=allow_local, waiting=threaded(clock, waiting), instead_of=instead_of
    )


def threaded(clock: Clock, threads: ThreadPoolExecutor) -> Callable[..., Awaitable[Any]]:
    async def in_thread(work: Callable[[], T]) -> T:
        return await clock.external(_threaded(threads, work))

    return in_thread


async def _threaded(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """Only used inside `Clock.external`, where outside work belongs."""
    return await asyncio.get_running_loop().run_in_executor(threads, work)


Effective = Callable[[Credentials], Awaitable[Credentials]]
