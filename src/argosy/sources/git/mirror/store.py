"""The mirrors on disk, each with its open objects and trees: one for each identity and exact URL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress
from argosy.sources.git.content.tree import Objects, commit_tree
from argosy.sources.git.identity import Naming
from argosy.sources.git.mirror.commands import GitCommands
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.process.bare import make, repacked
from argosy.sources.port import Credentials
from argosy.sources.tree import RootedTree

ANYONE: Final = Credentials()


class MirrorStore(GitCommands):
    """Mirrors are made when they are first needed, and repacked when they have many packs."""

    def __init__(
        self, directory: Path, clock: Clock, settings: GitSettings | None = None, egress: Egress | None = None
    ) -> None:
        super().__init__(directory, clock, settings, egress)
        self._naming = Naming(directory)
        self._objects: dict[Path, Objects] = {}
        self._trees: dict[tuple[Path, str], RootedTree] = {}
        self._locks: dict[Path, asyncio.Lock] = {}

    def mirror(self, url: str, credentials: Credentials = ANYONE) -> Path:
        return self._directory / self._naming.name(url, credentials)

    def has(self, url: str, commit: str, credentials: Credentials = ANYONE) -> bool:
        """Whether the mirror has it; says nothing about whether it may still be read."""
        return self._has(self.mirror(url, credentials), commit)

    def store(self, url: str, credentials: Credentials = ANYONE) -> Objects:
        return self._store(self.mirror(url, credentials))

    def _has(self, mirror: Path, commit: str) -> bool:
        return (mirror / "HEAD").exists() and self._store(mirror).has(commit)

    def _open_tree(self, objects: Objects, commit: str) -> RootedTree:
        return commit_tree(objects, commit, allow_links_out=self._settings.allow_links_out)

    def _store(self, mirror: Path) -> Objects:
        if mirror not in self._objects:
            self._objects[mirror] = Objects(mirror)
        return self._objects[mirror]

    def _forget(self, mirror: Path) -> None:
        """Drops caches of a mirror that has been created again."""
        if (objects := self._objects.pop(mirror, None)) is not None:
            objects.close()
        for key in [key for key in self._trees if key[0] == mirror]:
            del self._trees[key]

    async def _make(self, mirror: Path) -> None:
        async with self._locks.setdefault(mirror, asyncio.Lock()):
            await self._in_thread(self._prepare, mirror)

    def _prepare(self, mirror: Path) -> None:
        if not (mirror / "HEAD").exists():
            self._prepared()
            make(mirror, self._settings.list_seconds)

    def _tidy(self, mirror: Path, objects: Objects) -> None:
        if repacked(mirror, self._settings.fetch_seconds):
            objects.reopen()
