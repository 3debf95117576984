"""A commit's complete tree: the repository's own files, its submodules, and its Git LFS files.

Assembled again each time, since each remote decides who may read a submodule or an LFS store.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol, TypeVar

from argosy.runtime.clock import Clock
from argosy.sources.cloud.identities import Identities
from argosy.sources.egress import Egress
from argosy.sources.git.content.lfs import LfsStorage, LfsStore, Pointer, pointers
from argosy.sources.git.content.modules import FILE as MODULES_FILE
from argosy.sources.git.content.modules import FILE_LIMIT as MODULES_FILE_LIMIT
from argosy.sources.git.content.modules import Budget, MountedStorage, module_credentials, module_url, parse_modules
from argosy.sources.git.content.tree import Objects
from argosy.sources.paths import shown
from argosy.sources.port import Credentials, Further, Rejected, SourceError
from argosy.sources.scrub import scrub
from argosy.sources.tree import RootedTree, Storage
from argosy.sources.urls import check_git_url, host_of, is_local

T = TypeVar("T")
POINTERS_KEPT: Final = 256


class Mirrors(Protocol):
    """The required part of the repositories (`remote.GitMirrors`)."""

    async def plain(self, url: str, commit: str, credentials: Credentials) -> RootedTree:
        """The commit's own files."""
        ...

    def store(self, url: str, credentials: Credentials) -> Objects: ...

    def mirror(self, url: str, credentials: Credentials) -> Path: ...

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T: ...


class CompleteTrees:
    def __init__(
        self,
        mirrors: Mirrors,
        egress: Egress | None,
        identities: Identities,
        clock: Clock,
        *,
        submodules: bool,
        allow_local: bool,
    ) -> None:
        self._mirrors = mirrors
        self._egress = egress
        self._identities = identities
        self._clock = clock
        self._submodules = submodules
        self._allow_local = allow_local
        self._pointers: dict[tuple[Path, str], dict[str, Pointer]] = {}

    async def tree(
        self,
        url: str,
        commit: str,
        credentials: Credentials,
        further: Further | None = None,
        budget: Budget | None = None,
    ) -> RootedTree:
        tree = await self._mirrors.plain(url, commit, credentials)
        if credentials.enable_lfs:
            tree = await self._with_lfs(url, commit, tree, credentials)
        found = tree.storage.children("", tree.storage.root).get(MODULES_FILE)
        if self._submodules and found is not None and found.kind == "file":
            tree = await self._with_modules(url, commit, tree, credentials, further, budget or Budget())
        return tree

    async def _with_modules(
        self,
        url: str,
        commit: str,
        tree: RootedTree,
        credentials: Credentials,
        further: Further | None,
        budget: Budget,
    ) -> RootedTree:
        modules = parse_modules(tree.read(MODULES_FILE, limit=MODULES_FILE_LIMIT).decode("utf-8", "replace"))
        budget.deeper()
        mounts: dict[str, Storage] = {}
        objects = self._mirrors.store(url, credentials)
        for module in modules:
            wanted = await self._mirrors.in_thread(objects.module, commit, module.path)
            if wanted is None:
                continue
            budget.spend()
            where = module_url(url, module.url)
            await self._check_module(url, where)
            try:
                given = further(where) if further else module_credentials(url, where, credentials)
                inner = await self.tree(where, wanted, given, further, budget)
            except SourceError as error:
                raise type(error)(f"submodule {shown(module.path)}: {error}") from None
            mounts[module.path] = inner.storage
        budget.depth -= 1
        # Which storages are mounted is part of the tree's identity: relative URLs differ between repositories.
        names = "".join(f"{path} {storage.root.oid}\0" for path, storage in sorted(mounts.items()))
        suffix = "+" + blake2b(names.encode(), digest_size=10).hexdigest()
        return RootedTree(MountedStorage(tree.storage, mounts, suffix)) if mounts else tree

    async def _check_module(self, parent: str, url: str) -> None:
        """A submodule elsewhere is on a host chosen by a stranger (spec/security.md rule 13)."""
        check_git_url(url, allow_local=self._allow_local and is_local(parent))
        if is_local(url) or host_of(url) == host_of(parent):
            return
        if self._egress is None:
            raise Rejected(f"{scrub(url)}: a submodule on another host cannot be judged here")
        await self._clock.external(self._egress.check_host(host_of(url)))

    async def _with_lfs(self, url: str, commit: str, tree: RootedTree, credentials: Credentials) -> RootedTree:
        if self._egress is None:
            raise Rejected(f"{scrub(url)}: LFS files cannot be fetched here")
        mirror = self._mirrors.mirror(url, credentials)
        known = self._pointers.get((mirror, commit))
        if known is None:
            known = await self._mirrors.in_thread(pointers, tree.storage)
            if len(self._pointers) >= POINTERS_KEPT:
                self._pointers.clear()
            self._pointers[(mirror, commit)] = known
        if not known:
            return tree
        store = LfsStore(mirror / "argosy-lfs", self._egress)
        credentials = await self._identities.effective(credentials)
        await self._clock.external(store.ensure(url, list(known.values()), credentials))
        return RootedTree(LfsStorage(tree.storage, known, store))
