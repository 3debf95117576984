"""`git fetch` into a mirror: branches and tags, or a single commit; once for all concurrent callers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from argosy.runtime.clock import Clock
from argosy.sources.coalesce import Turns
from argosy.sources.egress import Egress
from argosy.sources.git.failures import failure
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.mirror.store import MirrorStore
from argosy.sources.git.process.program import TOO_LARGE, Finished
from argosy.sources.git.process.repair import remove_halves, repaired
from argosy.sources.metrics import GitMetrics
from argosy.sources.port import Credentials, NotFound, Rejected, Unavailable
from argosy.sources.scrub import scrub
from argosy.sources.urls import check_git_url

FETCH_OPTIONS: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "fetch.unpackLimit=1",
    "-c", "gc.auto=0",
    "-c", "submodule.recurse=false",
)  # fmt: skip
REF_SPECS: Final = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
FETCH_BYTES: Final = "reposerver.git.max.fetch.size"
"""The setting's name."""


class Fetches(MirrorStore):
    """Fetches what a mirror lacks, and repairs a mirror that is damaged."""

    def __init__(
        self, directory: Path, clock: Clock, settings: GitSettings | None = None, egress: Egress | None = None
    ) -> None:
        super().__init__(directory, clock, settings, egress)
        self._fetches: Turns[None] = Turns()
        self._metrics = GitMetrics(clock)
        self.fetches = 0

    async def fetch_ref(self, url: str, ref: str, credentials: Credentials) -> None:
        """Fetches one reference that is not a branch or tag into the mirror."""
        mirror = self.mirror(url, credentials)
        await self._make(mirror)
        await self._run_fetch(url, mirror, credentials, "--no-prune", (f"+{ref}:refs/argosy/{ref}",))

    async def _fetch(self, url: str, commit: str, credentials: Credentials) -> None:
        """Branches and tags; then, if the commit is on none of them, the commit by itself."""
        mirror = self.mirror(url, credentials)
        if commit and credentials.depth > 0 and await self._fetched_shallow(url, commit, credentials):
            return
        await self._fetches.share((mirror, credentials), lambda: self._fetch_refs(url, mirror, credentials))
        if commit and not self._has(mirror, commit):
            await self._fetches.share((mirror, credentials, commit), lambda: self._fetch_one(url, commit, credentials))
        await self._in_thread(self._tidy, mirror, self._store(mirror))

    async def _fetch_refs(self, url: str, mirror: Path, credentials: Credentials) -> None:
        await self._make(mirror)
        with self._metrics.request(url, "fetch"):
            await self._run_fetch(url, mirror, credentials, "--prune", REF_SPECS)

    async def _fetched_shallow(self, url: str, commit: str, credentials: Credentials) -> bool:
        """The commit with the configured depth of history; False if the remote does not serve single commits."""
        mirror = self.mirror(url, credentials)
        await self._make(mirror)
        try:
            await self._fetches.share((mirror, credentials, commit), lambda: self._fetch_one(url, commit, credentials))
        except (NotFound, Unavailable):
            return False
        await self._in_thread(self._tidy, mirror, self._store(mirror))
        return True

    async def _fetch_one(self, url: str, commit: str, credentials: Credentials) -> None:
        options = (f"--depth={credentials.depth}",) if credentials.depth > 0 else ()
        specs = (f"+{commit}:refs/argosy/{commit}",)
        try:
            mirror = self.mirror(url, credentials)
            with self._metrics.request(url, "fetch", commit):
                await self._run_fetch(url, mirror, credentials, "--no-prune", specs, options)
        except NotFound:
            raise NotFound(f"unable to resolve '{commit}' to a commit SHA") from None

    async def _run_fetch(
        self,
        url: str,
        mirror: Path,
        credentials: Credentials,
        prune: str,
        specs: Sequence[str],
        options: Sequence[str] = (),
    ) -> None:
        self.fetches += 1
        where = check_git_url(url, allow_local=self._settings.allow_local)
        arguments = (
            *FETCH_OPTIONS, "fetch", "--quiet", "--force", prune, "--no-tags", "--no-write-fetch-head",
            "--no-auto-maintenance", "--no-recurse-submodules", *options, "--", where, *specs,
        )  # fmt: skip
        async with self._locks.setdefault(mirror, asyncio.Lock()):
            finished = await self._git_fetch(url, arguments, credentials, mirror)
            if finished.status != 0 and await self._in_thread(repaired, mirror, finished.errors):
                self._forget(mirror)
                await self._in_thread(self._prepare, mirror)
                finished = await self._git_fetch(url, arguments, credentials, mirror)
        if finished.status != 0:
            raise failure("failed to fetch", url, finished.errors, credentials)

    async def _git_fetch(self, url: str, arguments: Sequence[str], credentials: Credentials, mirror: Path) -> Finished:
        seconds, limit = self._settings.fetch_seconds, self._settings.fetch_bytes
        finished = await self._git(url, arguments, credentials, mirror, seconds, limit)
        if finished.status != 0 and TOO_LARGE in finished.errors:
            await self._in_thread(remove_halves, mirror)
            raise Rejected(f"failed to fetch: {scrub(url)}: larger than the limit of {limit} bytes ({FETCH_BYTES})")
        return finished
