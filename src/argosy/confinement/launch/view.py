"""A root directory that holds nothing but what was named, in a mount namespace of one's own (kernel 5.12 and newer).

Everything is read-only, but the places to write to and a scratch in memory with a size of its own, which is gone with
the namespace: nothing is left behind, however it ends.
"""

from __future__ import annotations

import os

from argosy.confinement.kernel import calls

TYPE_CHECKING = False  # typing takes longer to load than all else here
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
LINKS: Final = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}
BASES: Final = ("/tmp", "/mnt", "/run", "/usr")  # noqa: S108  (only covered, for us alone, while the root is made)
FOLLOWED: Final = 40
_PLAIN: Final = calls.ATTR_NOSUID | calls.ATTR_NODEV


class View:
    """`read` and `write` are paths; what is not there is left out. `scratch`: path -> bytes; `owner`: of it."""

    def __init__(
        self, reads: Iterable[str], writes: Iterable[str], scratch: Mapping[str, int], owner: int, *, processes: bool
    ) -> None:
        self._links: dict[str, str] = {}
        self._trees: dict[str, tuple[int, int]] = {}
        self._scratch = {real(path, self._links): size for path, size in scratch.items()}
        self._owner = owner
        self._processes = processes
        for path in reads:
            self._take(path, _PLAIN | calls.ATTR_RDONLY)
        for path in writes:
            self._take(path, _PLAIN)
        for path in DEVICES:
            self._take(path, calls.ATTR_NOSUID)

    def enter(self) -> None:
        """Raises OSError where the kernel does not allow it; then the old root is still there, with all that it had."""
        calls.mount(None, "/", None, calls.MS_REC | calls.MS_PRIVATE)
        trees = self._cloned()
        # Asked now: what lies below the base cannot be looked at once that is covered.
        directories = frozenset(path for path in trees if os.path.isdir(path))
        here = os.getcwd()
        base = next(path for path in BASES if os.path.isdir(path))
        calls.mount("tmpfs", base, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, "size=1m,nr_inodes=4096,mode=755")
        try:
            self._fill(base, trees, directories)
            os.chdir(base)
            calls.call("pivot_root", ".", ".")
        except OSError:
            calls.call("umount2", base, calls.MNT_DETACH)
            raise
        calls.call("umount2", ".", calls.MNT_DETACH)
        os.chdir("/")
        self._seal()
        try:
            os.chdir(here)
        except OSError:
            os.chdir("/")

    def _fill(self, base: str, trees: Mapping[str, int], directories: frozenset[str]) -> None:
        # From the shortest on, so that a place inside another is made in it.
        for path, tree in sorted(trees.items()):
            if not _is_inside(path, trees):
                _make_place(base, path, directory=path in directories)
            calls.attach_tree(tree, base + path)
            os.close(tree)
        for path, size in self._scratch.items():
            _make_place(base, path, directory=True)
            options = f"size={size},nr_inodes=65536,mode=700,uid={self._owner},gid={self._owner}"
            calls.mount("tmpfs", base + path, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, options)
        self._own_processes(base)
        for path, target in {**self._links, **(LINKS if self._processes else {})}.items():
            _make_link(base, path, target)

    def _take(self, path: str, attributes: int) -> None:
        found = real(path, self._links)
        if os.path.exists(found):
            # What may be written stays so, also when it lies in what may be read only.
            self._trees[found] = (attributes & self._trees.get(found, (attributes, 0))[0], 0)

    def _cloned(self) -> dict[str, int]:
        """Before anything is covered. Inside what is read-only already, only what is more than that counts."""
        found: dict[str, int] = {}
        for path, (attributes, _) in self._trees.items():
            above = _above(path, self._trees)
            if above is not None and self._trees[above][0] == attributes:
                continue
            tree = calls.clone_tree(path)
            calls.set_attributes(tree, attributes)
            found[path] = tree
        return found

    def _own_processes(self, base: str) -> None:
        if not self._processes:
            return
        _make_place(base, "/proc", directory=True)
        flags = calls.MS_NOSUID | calls.MS_NODEV | calls.MS_NOEXEC
        for options in ("subset=pid,hidepid=invisible", None):
            try:
                calls.mount("proc", f"{base}/proc", "proc", flags, options)
            except OSError:
                continue
            return

    def _seal(self) -> None:
        root = os.open("/", os.O_PATH | os.O_CLOEXEC)
        try:
            calls.set_attributes(root, _PLAIN | calls.ATTR_RDONLY, recursive=False)
        finally:
            os.close(root)


def real(path: str, links: dict[str, str]) -> str:
    """Where a path leads to; each symlink on the way is noted, to be made again in the new root."""
    rest, found = [part for part in path.split("/") if part][::-1], ""
    followed = 0
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
            return here
        links[here] = target
        rest += [item for item in target.split("/") if item][::-1]
        found = "" if target.startswith("/") else found
    return found or "/"


def _above(path: str, known: Iterable[str]) -> str | None:
    """The nearest of the known paths that this one lies in."""
    around = [item for item in known if item != path and path.startswith(f"{item.rstrip('/')}/")]
    return max(around, key=len) if around else None


def _is_inside(path: str, known: Iterable[str]) -> bool:
    return _above(path, known) is not None


def _make_place(base: str, path: str, *, directory: bool) -> None:
    where = base
    parts = [part for part in path.split("/") if part]
    for part in parts if directory else parts[:-1]:
        where = f"{where}/{part}"
        try:
            os.mkdir(where, 0o755)
        except FileExistsError:
            continue
    if not directory:
        os.close(os.open(base + path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _make_link(base: str, path: str, target: str) -> None:
    try:
        _make_place(base, path.rpartition("/")[0], directory=True)
        os.symlink(target, base + path)
    except OSError:
        return  # it lies in what is there as a whole, and came with it
