"""Hydrations under the names of upstream's commit server. Source: spec/metrics.md E1 (port 8087).

`argocd_commitserver_userinfo_request_duration_seconds` is declared and has no series, as upstream's: the committer is
known without a request to the host.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.runtime.clock import Clock
from argosy.sources.port import Author, Credentials, Described, GitWriter, Tree
from argosy.sources.urls import normalise_url

PREFIX: Final = "argocd_commitserver_"
SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 20.0)
GitRequest = Literal["ls-remote", "fetch", "push"]


class CommitMetrics:
    """Repositories are named without user and password."""

    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock = clock
        self._under_way: Tally[str] = Tally()
        asked, answered = ("repo", "request_type"), ("repo", "response_type")
        pending = f"{PREFIX}commit_pending_request_total"
        registry.collected(pending, "Hydrations under way.", ("repo",), self._pending)
        self._commits = registry.counter(f"{PREFIX}commit_request_total", "Hydrations that ended.", answered)
        self._seconds = registry.histogram(
            f"{PREFIX}commit_request_duration_seconds", "Time of hydrations.", answered, SECONDS
        )
        self._asked = registry.counter(f"{PREFIX}git_request_total", "Requests to Git servers.", asked)
        self._git_seconds = registry.histogram(
            f"{PREFIX}git_request_duration_seconds", "Time of requests to Git servers.", asked, SECONDS
        )
        users = f"{PREFIX}userinfo_request_duration_seconds"
        registry.histogram(users, "Time of asking hosts who commits.", ("repo", "credential_type"), SECONDS)

    @contextmanager
    def commit(self, url: str) -> Iterator[None]:
        """Around one hydration: an exception counts as a failure."""
        repo, began, answer = normalise_url(url), self._clock.monotonic(), "failure"
        self._under_way[repo] += 1
        try:
            yield
            answer = "success"
        finally:
            self._under_way[repo] -= 1
            self._commits.add(repo=repo, response_type=answer)
            self._seconds.observe(self._clock.monotonic() - began, repo=repo, response_type=answer)

    @contextmanager
    def request(self, url: str, kind: GitRequest) -> Iterator[None]:
        repo, began = normalise_url(url), self._clock.monotonic()
        self._asked.add(repo=repo, request_type=kind)
        try:
            yield
        finally:
            self._git_seconds.observe(self._clock.monotonic() - began, repo=repo, request_type=kind)

    def _pending(self) -> Iterable[Sample]:
        return [((repo,), float(count)) for repo, count in sorted(self._under_way.items())]


class CountedWriter:
    """A `GitWriter` that counts requests to the remote."""

    def __init__(self, inner: GitWriter, metrics: CommitMetrics) -> None:
        self._inner, self._metrics = inner, metrics

    async def head(self, url: str, branch: str, credentials: Credentials) -> str:
        with self._metrics.request(url, "ls-remote"):
            return await self._inner.head(url, branch, credentials)

    async def tree(self, url: str, commit: str, credentials: Credentials) -> Tree:
        with self._metrics.request(url, "fetch"):
            return await self._inner.tree(url, commit, credentials)

    async def describe(self, url: str, commit: str, credentials: Credentials) -> Described:
        return await self._inner.describe(url, commit, credentials)

    async def commit(
        self,
        url: str,
        parent: str,
        changes: Mapping[str, bytes | None],
        message: str,
        author: Author,
        credentials: Credentials,
    ) -> str:
        return await self._inner.commit(url, parent, changes, message, author, credentials)

    async def push(self, url: str, branch: str, commit: str, credentials: Credentials) -> None:
        with self._metrics.request(url, "push"):
            await self._inner.push(url, branch, commit, credentials)

    async def note(self, url: str, commit: str, namespace: str, credentials: Credentials) -> str:
        with self._metrics.request(url, "ls-remote"):
            return await self._inner.note(url, commit, namespace, credentials)

    async def annotate(
        self, url: str, commit: str, namespace: str, text: str, author: Author, credentials: Credentials
    ) -> None:
        with self._metrics.request(url, "push"):
            await self._inner.annotate(url, commit, namespace, text, author, credentials)
