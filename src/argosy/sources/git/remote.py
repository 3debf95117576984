"""Git remotes through the git program, and a bare mirror of each in a private cache directory.

Each identity has its own mirrors, by the exact URL: what was fetched as one user is never given to another, who may
see less of the same repository, and no project's failure affects another's. A mirror is read only after the remote
has accepted the credentials at hand.

The list of references is requested once for all concurrent callers (sources/coalesce.py); so are fetches. Fetched
packs are kept; when there are many, they are repacked into one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from argosy.runtime.clock import Clock
from argosy.sources.coalesce import Turns
from argosy.sources.egress import Egress
from argosy.sources.git.content.complete_tree import CompleteTrees
from argosy.sources.git.content.tree import Objects
from argosy.sources.git.mirror.fetch import FETCH_OPTIONS
from argosy.sources.git.mirror.references import References
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.process.program import Finished
from argosy.sources.git.process.repair import drop_reports
from argosy.sources.git.refs import FULL_SHA, annotated
from argosy.sources.port import Credentials, Further, Rejected, Tree
from argosy.sources.scrub import scrub
from argosy.sources.tree import RootedTree
from argosy.sources.urls import exact_url

TREES_KEPT: Final = 256
PROVEN_SECONDS: Final = 3600.0


class GitMirrors(References):
    """The `sources.port.GitRemote` using the git program. `close` it to free its threads and mapped packs."""

    def __init__(
        self, directory: Path, clock: Clock, settings: GitSettings | None = None, egress: Egress | None = None
    ) -> None:
        """`egress`: the policy for all connections; without it, a developer machine's policy applies, and there are
        neither submodules from other hosts nor LFS files."""
        super().__init__(directory, clock, settings, egress)
        self._openings: Turns[RootedTree] = Turns()
        self._complete = CompleteTrees(
            self,
            egress,
            self._identities,
            clock,
            submodules=self._settings.submodules,
            allow_local=self._settings.allow_local,
        )

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        return await self._complete.tree(url, commit, credentials, further)

    async def objects(self, url: str, commit: str, credentials: Credentials) -> Objects:
        """The mirror's objects, including the commit and its history, for identities that may read the repository."""
        await self.plain(url, commit, credentials)
        return self._store(self.mirror(url, credentials))

    async def tag_object(self, url: str, revision: str, credentials: Credentials, tag_prefix: str = "") -> str:
        """The annotated tag that a revision refers to, fetched; "" when it is something else."""
        refs = await self._listed(url, credentials, PROVEN_SECONDS)
        oid = annotated(refs, revision, tag_prefix)
        if oid and not self._has(self.mirror(url, credentials), oid):
            await self._fetch(url, oid, credentials)
        return oid

    async def plain(self, url: str, commit: str, credentials: Credentials) -> RootedTree:
        """The commit's own files, for identities that may read the repository."""
        if not FULL_SHA.fullmatch(commit):
            raise Rejected(f"commit {scrub(commit)!r} is not a full SHA")
        await self._listed(url, credentials, PROVEN_SECONDS)
        mirror = self.mirror(url, credentials)
        key = (mirror, commit)
        if (known := self._trees.get(key)) is not None:
            return known
        return await self._openings.share((key, credentials), lambda: self._opened(url, key, credentials))

    async def _opened(self, url: str, key: tuple[Path, str], credentials: Credentials) -> RootedTree:
        if (known := self._trees.get(key)) is not None:
            return known
        mirror, commit = key
        if not self._has(mirror, commit):
            await self._fetch(url, commit, credentials)
        tree = await self._in_thread(self._open_tree, self._store(mirror), commit)
        if len(self._trees) >= TREES_KEPT:
            del self._trees[next(iter(self._trees))]
        self._trees[key] = tree
        return tree

    async def run_in_mirror(
        self, url: str, arguments: Sequence[str], credentials: Credentials, stdin: bytes = b"", *, local: bool = False
    ) -> Finished:
        """Runs git exclusively in the identity's mirror; invalidates the remote's list of references. `local`: it
        connects to nothing."""
        mirror = self.mirror(url, credentials)
        async with self._locks.setdefault(mirror, asyncio.Lock()):
            await self._in_thread(self._prepare, mirror)
            seconds = self._settings.fetch_seconds
            where, given = ("", Credentials()) if local else (url, credentials)
            finished = await self._git(where, (*FETCH_OPTIONS, *arguments), given, mirror, seconds, stdin=stdin)
            drop_reports(mirror)
        for key in [key for key in self._refs if key[0] == exact_url(url)]:
            del self._refs[key]
        return finished

    def close(self) -> None:
        for threads in (self._threads, self._programs):
            if threads is not None:
                threads.shutdown(wait=True, cancel_futures=True)
        self._threads = self._programs = None
        for objects in self._objects.values():
            objects.close()
        self._objects.clear()
        self._trees.clear()
