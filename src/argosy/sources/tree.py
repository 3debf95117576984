"""A tree of files over any storage: the rules for paths and links are here, storage only returns entries by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from argosy.sources.paths import (
    OutOfRoot,
    is_git_directory,
    levels_above,
    normalise,
    place_in_root,
    resolve_in_root,
    shown,
)
from argosy.sources.port import Entry, NotFound, Rejected

READ_LIMIT: Final = 10 * 1024 * 1024


class Storage(Protocol):
    """Where a tree's entries come from. Paths are real: no link in them."""

    @property
    def root(self) -> Entry: ...

    def children(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        """The entries of a directory, links returned as links."""
        ...

    def content(self, path: str, entry: Entry, limit: int) -> bytes:
        """The content of a file. Raises Rejected when it is larger than `limit` bytes, before it is in memory."""
        ...

    def target(self, path: str, entry: Entry) -> str:
        """The target of a link."""
        ...


class RootedTree:
    """A `sources.port.Tree` over a storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[str, Entry] = {"": storage.root}

    @property
    def storage(self) -> Storage:
        """For combining trees; readers of files use the tree."""
        return self._storage

    @property
    def root_oid(self) -> str:
        return self._storage.root.oid

    def stat(self, path: str) -> Entry | None:
        found = self._resolve(path)
        return None if found is None else found[1]

    def read(self, path: str, *, limit: int = READ_LIMIT) -> bytes:
        found = self._resolve(path)
        if found is None:
            raise NotFound(f"{shown(path)}: no such file or directory")
        real, entry = found
        if entry.kind != "file":
            raise Rejected(f"{shown(path)}: is a directory")
        if entry.size > limit:
            raise too_large(path, limit)
        return self._storage.content(real, entry, limit)

    def list(self, path: str) -> Sequence[Entry]:
        found = self._resolve(path)
        if found is None:
            raise NotFound(f"{shown(path)}: no such file or directory")
        real, entry = found
        if entry.kind != "dir":
            raise Rejected(f"{shown(path)}: not a directory")
        return sorted(self._storage.children(real, entry).values(), key=lambda child: child.name)

    def place(self, path: str) -> str:
        """The real path of a file that is to be written at `path`. Raises Rejected."""
        return place_in_root(path, self._look, self._target)

    def _resolve(self, path: str) -> tuple[str, Entry] | None:
        return resolve_in_root(path, self._look, self._target)

    def _look(self, path: str) -> Entry | None:
        if (known := self._known.get(path)) is not None:
            return known
        parent_path, _, name = path.rpartition("/")
        parent = self._look(parent_path)
        if parent is None or parent.kind != "dir":
            return None
        found = self._storage.children(parent_path, parent).get(name)
        if found is not None and found.kind == "dir":
            self._known[path] = found
        return found

    def _target(self, path: str) -> str:
        entry = self._look(path)
        assert entry is not None
        return self._storage.target(path, entry)


class ListedStorage:
    """Files with known paths, oids and sizes, whose contents `read` returns. Links are `path -> target`."""

    def __init__(
        self, files: Mapping[str, tuple[str, int]], links: Mapping[str, str], read: Callable[[str], bytes]
    ) -> None:
        self._read = read
        self._targets = dict(links)
        self._directories: dict[str, dict[str, Entry]] = {"": {}}
        for path, (oid, size) in files.items():
            self._add(path, Entry(path.rpartition("/")[2], "file", oid, size))
        for path, target in self._targets.items():
            self._add(path, Entry(path.rpartition("/")[2], "link", content_oid(target.encode()), len(target)))
        self.root = self._seal("")

    def children(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        return self._directories[path]

    def content(self, path: str, entry: Entry, limit: int) -> bytes:
        return self._read(path)

    def target(self, path: str, entry: Entry) -> str:
        return self._targets[path]

    def _add(self, path: str, entry: Entry) -> None:
        if normalise(path) != path or not path:
            raise OutOfRoot(f"{shown(path)}: not a normalised path")
        parent, _, name = path.rpartition("/")
        self._directory(parent)[name] = entry

    def _directory(self, path: str) -> dict[str, Entry]:
        if path not in self._directories:
            self._directories[path] = {}
            parent, _, name = path.rpartition("/")
            siblings = self._directory(parent)
            if name in siblings:
                raise Rejected(f"{shown(path)}: is both a file and a directory")
            siblings[name] = Entry(name, "dir", "")
        return self._directories[path]

    def _seal(self, path: str) -> Entry:
        """Directories' oids, computed bottom-up."""
        children = self._directories[path]
        for name, child in children.items():
            if child.kind == "dir":
                children[name] = replace(self._seal(f"{path}/{name}" if path else name), name=name)
        return Entry("", "dir", directory_oid(children.values()))


class MemoryStorage(ListedStorage):
    """Files held in memory: a scripted repository, a fetched body."""

    def __init__(self, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> None:
        contents = dict(files)
        listed = {path: (content_oid(data), len(data)) for path, data in contents.items()}
        super().__init__(listed, links or {}, contents.__getitem__)


def first_link_out_of_root(storage: Storage) -> str | None:
    """The path of a symlink that leaves the root, found by a complete walk; None when there is none."""
    return _search(storage, "", storage.root, 0)


def _search(storage: Storage, path: str, entry: Entry, depth: int) -> str | None:
    for name, child in sorted(storage.children(path, entry).items()):
        here = f"{path}/{name}" if path else name
        if child.kind == "link" and levels_above(storage.target(here, child)) > depth:
            return here
        if child.kind == "dir" and not is_git_directory(name) and (found := _search(storage, here, child, depth + 1)):
            return found
    return None


def out_of_bounds(path: str) -> Rejected:
    """The phrase that upstream's users search for (spec/argo-cd-engine-2.md 11.2)."""
    return Rejected(f"repository contains out-of-bounds symlinks. file: {shown(path)}")


def too_large(path: str, limit: int) -> Rejected:
    return Rejected(f"{shown(path)}: larger than the limit of {limit} bytes")


def content_oid(data: bytes) -> str:
    from hashlib import blake2b  # here, since OpenSSL loads slowly and reading a directory needs no digest

    return blake2b(data, digest_size=20).hexdigest()


def directory_oid(children: Iterable[Entry]) -> str:
    """Of names, kinds and oids."""
    ordered = sorted(children, key=lambda child: child.name)
    lines = "".join(f"{entry.kind} {entry.oid} {entry.name}\0" for entry in ordered)
    from hashlib import blake2b

    return blake2b(lines.encode(), digest_size=20).hexdigest()
