"""The layout of a sandbox's root: computed from the named paths, before anything is mounted."""

from __future__ import annotations

import os
import stat

from argosy.confinement.kernel import calls

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from typing import Any, Final

    _Found = tuple[str, dict[str, str], int]

DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROCESS_LINKS: Final = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}
FOLLOWED: Final = 40
ABSENT: Final = -1
PLAIN: Final = calls.ATTR_NOSUID | calls.ATTR_NODEV

_known: dict[str, _Found] = {}


class Layout:
    """`trees`: path -> attributes of its mount. Directories, files, links and trees are created in this order."""

    def __init__(self, box: Mapping[str, Any], *, processes: bool) -> None:
        self.trees: dict[str, int] = {}
        self.links: dict[str, str] = dict(PROCESS_LINKS) if processes else {}
        self._modes: dict[str, int] = {}
        for path in box["reads"]:
            self._take(path, PLAIN | calls.ATTR_RDONLY)
        for path in box["writes"]:
            self._take(path, PLAIN)
        for path in DEVICES:
            self._take(path, calls.ATTR_NOSUID)
        self.scratch = {self._found(path)[0]: size for path, size in box["scratch"].items()}
        self.trees = dict(sorted(self._without_what_comes_along()))
        # The content of a tree is already mounted with it.
        places = [path for path in self.trees if nearest(path, self.trees) is None]
        self.links = {path: to for path, to in self.links.items() if nearest(path, self.trees) is None}
        self.files = [path for path in places if not stat.S_ISDIR(self._modes[path])]
        wanted = {*places, *self.scratch, *(["/proc"] if processes else [])} - set(self.files)
        wanted |= {path.rpartition("/")[0] for path in (*self.files, *self.links)}
        self.directories = sorted({part for path in wanted for part in _on_the_way(path)})

    def _take(self, path: str, attributes: int) -> None:
        found, mode = self._found(path)
        if mode == ABSENT:
            return
        self._modes[found] = mode
        # Writable paths stay writable, even inside a read-only one.
        self.trees[found] = attributes & self.trees.get(found, attributes)

    def _found(self, path: str) -> tuple[str, int]:
        found, links, mode = looked_up(path)
        self.links.update(links)
        return found, mode

    def _without_what_comes_along(self) -> Iterator[tuple[str, int]]:
        """Inside a tree with the same attributes it is already included."""
        for path, attributes in self.trees.items():
            above = nearest(path, self.trees)
            if above is None or self.trees[above] != attributes:
                yield path, attributes


def remember(paths: Iterable[str]) -> None:
    """Caches path resolutions until `forget`: for starters of many programs with the same view."""
    for path in paths:
        if path not in _known and (found := looked_up(path))[2] != ABSENT:
            _known[path] = found


def forget() -> None:
    _known.clear()


def looked_up(path: str) -> _Found:
    """Where a path leads, each symlink along the way, to be re-created in the new root, and its mode."""
    if path in _known:
        return _known[path]
    found, links = _followed(path)
    try:
        return found, links, os.stat(found).st_mode
    except OSError:
        return found, links, ABSENT


def _followed(path: str) -> tuple[str, dict[str, str]]:
    links: dict[str, str] = {}
    followed = 0
    rest, found = [part for part in path.split("/") if part][::-1], ""
    while rest:
        part = rest.pop()
        if part == ".":
            continue
        if part == "..":
            found = found.rpartition("/")[0]
            continue
        here = f"{found}/{part}"
        try:
            target = os.readlink(here)
        except OSError:
            found = here
            continue
        followed += 1
        if followed > FOLLOWED:
            return here, links
        links[here] = target
        rest += [item for item in target.split("/") if item][::-1]
        found = "" if target.startswith("/") else found
    return found or "/", links


def nearest(path: str, known: Container[str]) -> str | None:
    """The nearest known path that contains this one."""
    while path not in ("", "/"):
        path = path.rpartition("/")[0] or "/"
        if path in known:
            return path
    return None


def _on_the_way(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[: count + 1]) for count in range(1, len(parts)) if parts[count])
