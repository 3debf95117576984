"""A local directory as a tree, for `argosy render PATH`: the same path and symlink rules, no repository needed.

Entries are read on demand and then kept: the tree is a snapshot of what its readers saw.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from argosy.sources.port import Entry, NotFound
from argosy.sources.tree import RootedTree, first_link_out_of_root, out_of_bounds, too_large

_SERIAL = itertools.count()


class DirectoryStorage:
    """Files below one directory of this machine; `.git` is left out, sockets and devices too.

    A file's oid is its identity, size and modification time; the root's is this snapshot's own.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotFound(f"{root}: no such directory")
        self._path = root
        self._directories: dict[str, Mapping[str, Entry]] = {}
        self.root = Entry("", "dir", f"directory:{next(_SERIAL)}")

    def children(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        if path not in self._directories:
            with os.scandir(self._path / path) as found:
                entries = [_entry(item) for item in found if item.name != ".git"]
            self._directories[path] = {entry.name: entry for entry in entries if entry is not None}
        return self._directories[path]

    def content(self, path: str, entry: Entry, limit: int) -> bytes:
        descriptor = os.open(self._path / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise too_large(path, limit)
        return data

    def target(self, path: str, entry: Entry) -> str:
        return str((self._path / path).readlink())


def _entry(item: os.DirEntry[str]) -> Entry | None:
    info = item.stat(follow_symlinks=False)
    identity = f"{info.st_dev}:{info.st_ino}:{info.st_size}:{info.st_mtime_ns}"
    if stat.S_ISLNK(info.st_mode):
        return Entry(item.name, "link", identity)
    if stat.S_ISDIR(info.st_mode):
        return Entry(item.name, "dir", identity)
    return Entry(item.name, "file", identity, info.st_size) if stat.S_ISREG(info.st_mode) else None


def directory_tree(root: Path, *, allow_links_out: bool = False) -> RootedTree:
    """A tree over `root`. Raises Rejected when a symlink anywhere in it leaves it."""
    storage = DirectoryStorage(root)
    if not allow_links_out and (found := first_link_out_of_root(storage)):
        raise out_of_bounds(found)
    return RootedTree(storage)
