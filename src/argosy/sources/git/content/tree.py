"""A commit's files, read from a bare mirror's objects in this process: no checkout, no git program.

Parsed trees are cached by object id, so what did not change between two commits costs nothing, including the search for
symlinks that leave the repository. One `Objects` per mirror; it may be used from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID

from argosy.sources.git.content.sizes import object_size
from argosy.sources.paths import is_git_directory, levels_above
from argosy.sources.port import Entry, NotFound, Rejected
from argosy.sources.tree import RootedTree, out_of_bounds, too_large

TREE_LIMIT: Final = 16 * 1024 * 1024
"""Maximum bytes of one tree object (some 300,000 names)."""

TREES_KEPT: Final = 200_000
LINK_TARGET_LIMIT: Final = 4096

_COMMIT, _TREE, _BLOB, _TAG = 1, 2, 3, 4
_DIRECTORY, _LINK, _MODULE = b"40000", b"120000", b"160000"

Reach = tuple[float, str]
"""How many levels above a tree its furthest symlink points, and that link's path; (0, "") when none leaves it."""


class Objects:
    """The object store of one bare repository."""

    def __init__(self, repository: Path) -> None:
        self._directory = repository / "objects"
        self._store = DiskObjectStore(str(self._directory))
        self._lock = threading.RLock()
        self._trees: dict[str, Mapping[str, Entry]] = {}
        self._reach: dict[str, Reach] = {}

    def close(self) -> None:
        with self._lock:
            self._store.close()

    def reopen(self) -> None:
        """Call after packs were removed by a repack."""
        with self._lock:
            self._store.close()
            self._store = DiskObjectStore(str(self._directory))

    def has(self, oid: str) -> bool:
        with self._lock:
            return ObjectID(oid.encode()) in self._store

    def root_of(self, commit: str) -> str:
        """The oid of a commit's tree; tags are peeled. Raises NotFound, or Rejected for another kind of object."""
        for _ in range(10):
            kind, data = self._raw(commit, TREE_LIMIT)
            if kind == _COMMIT and data.startswith(b"tree "):
                return data[5:45].decode("ascii")
            if kind != _TAG or not data.startswith(b"object "):
                break
            commit = data[7:47].decode("ascii")
        raise Rejected(f"{commit} is not a commit")

    def commit(self, oid: str) -> bytes:
        """A commit object's own text."""
        kind, data = self._raw(oid, TREE_LIMIT)
        if kind != _COMMIT:
            raise Rejected(f"{oid} is not a commit")
        return data

    def tag(self, oid: str) -> bytes | None:
        """An annotated tag's own text; None for another kind of object."""
        kind, data = self._raw(oid, TREE_LIMIT)
        return data if kind == _TAG else None

    def peeled(self, oid: str) -> str:
        """The object that an annotated tag finally points to."""
        for _ in range(10):
            data = self.tag(oid)
            if data is None or not data.startswith(b"object "):
                break
            oid = data[7:47].decode("ascii", "replace")
        return oid

    def children(self, oid: str) -> Mapping[str, Entry]:
        known = self._trees.get(oid)
        if known is None:
            kind, data = self._raw(oid, TREE_LIMIT)
            if kind != _TREE:
                raise Rejected(f"{oid} is not a tree")
            known = parse_tree(data)
            if len(self._trees) >= TREES_KEPT:
                self._trees.clear()
            self._trees[oid] = known
        return known

    def module(self, commit: str, path: str) -> str | None:
        """The commit of the submodule at `path`; None when there is none."""
        *parents, name = path.split("/")
        oid = self.root_of(commit)
        for parent in parents:
            entry = self.children(oid).get(parent)
            if entry is None or entry.kind != "dir" or not entry.oid:
                return None
            oid = entry.oid
        marker = b"160000 " + name.encode() + b"\0"
        _, data = self._raw(oid, TREE_LIMIT)
        at = data.find(marker)
        return data[at + len(marker) :][:20].hex() if at >= 0 else None

    def blob(self, oid: str, path: str, limit: int) -> bytes:
        try:
            kind, data = self._raw(oid, limit)
        except _TooLarge:
            raise too_large(path, limit) from None
        if kind != _BLOB:
            raise Rejected(f"{path} is not a file")
        return data

    def reach(self, oid: str, depth: int = 0) -> Reach:
        """Of the symlinks below a tree, the one that points furthest above it."""
        known = self._reach.get(oid)
        if known is None:
            known = self._search(oid, depth)
            if len(self._reach) >= TREES_KEPT:
                self._reach.clear()
            self._reach[oid] = known
        return known

    def _search(self, oid: str, depth: int) -> Reach:
        if depth > 500:
            raise Rejected("directories are nested deeper than 500 levels")
        furthest: Reach = (0, "")
        for name, entry in self.children(oid).items():
            if entry.kind == "link":
                levels = levels_above(self.blob(entry.oid, name, LINK_TARGET_LIMIT).decode("utf-8", "replace"))
                furthest = max(furthest, (levels, name), key=lambda reach: reach[0])
            elif entry.kind == "dir" and entry.oid:
                levels, path = self.reach(entry.oid, depth + 1)
                furthest = max(furthest, (levels - 1, f"{name}/{path}"), key=lambda reach: reach[0])
        return furthest

    def _raw(self, oid: str, limit: int) -> tuple[int, bytes]:
        with self._lock:
            size = object_size(self._store, oid)
            if size is None:
                raise NotFound(f"object {oid} is not in the repository")
            if size > limit:
                raise _TooLarge(f"object {oid} is larger than the limit of {limit} bytes")
            return self._store.get_raw(ObjectID(oid.encode()))


class _TooLarge(Rejected):
    pass


def parse_tree(data: bytes) -> dict[str, Entry]:
    """A tree object's entries; submodules appear as empty directories, names that git itself refuses are left out."""
    entries: dict[str, Entry] = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        mode, name = data[at:space], data[space + 1 : end].decode("utf-8", "replace")
        oid = data[end + 1 : end + 21].hex()
        at = end + 21
        if name in ("", ".", "..") or "/" in name or is_git_directory(name):
            continue
        if mode == _DIRECTORY:
            entries[name] = Entry(name, "dir", oid)
        elif mode == _MODULE:
            entries[name] = Entry(name, "dir", "")
        else:
            entries[name] = Entry(name, "link" if mode == _LINK else "file", oid)
    return entries


class GitStorage:
    """One commit's tree in a mirror."""

    def __init__(self, objects: Objects, root_oid: str) -> None:
        self._objects = objects
        self.root = Entry("", "dir", root_oid)

    def children(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        return self._objects.children(entry.oid) if entry.oid else {}

    def content(self, path: str, entry: Entry, limit: int) -> bytes:
        return self._objects.blob(entry.oid, path, limit)

    def target(self, path: str, entry: Entry) -> str:
        return self._objects.blob(entry.oid, path, LINK_TARGET_LIMIT).decode("utf-8", "replace")


def commit_tree(objects: Objects, commit: str, *, allow_links_out: bool = False) -> RootedTree:
    """The files of a commit that is in the mirror. Raises NotFound, or Rejected for symlinks that leave the root."""
    root_oid = objects.root_of(commit)
    levels, path = (0.0, "") if allow_links_out else objects.reach(root_oid)
    if levels > 0:
        raise out_of_bounds(path)
    return RootedTree(GitStorage(objects, root_oid))
