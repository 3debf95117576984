"""A root directory that contains only the named paths, in a private mount namespace (kernel 5.12 and newer).

Everything is read-only, except the writable places and a scratch in memory with its own size limit, which is removed
with the namespace: nothing is left behind, however it ends.
"""

from __future__ import annotations

import os

from argosy.confinement.kernel import calls
from argosy.confinement.launch import layout

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

BASES: Final = ("/tmp", "/mnt", "/run", "/usr")  # noqa: S108  (only mounted over, for us only, while the root is built)
_HIDDEN: Final = calls.MS_NOSUID | calls.MS_NODEV


def enter(box: Mapping[str, Any], owner: int, *, processes: bool) -> None:
    """`owner`: of the scratch; `processes`: with a /proc. Changes to its directory, if that exists.

    Raises OSError if the kernel does not allow it; then the old root is unchanged.
    """
    calls.mount(None, "/", None, calls.MS_REC | calls.MS_PRIVATE)
    made, trees = _cloned(box, processes=processes)
    here = os.getcwd()
    base = next((path for path in BASES if os.path.isdir(path)), "")
    calls.mount("tmpfs", base, "tmpfs", _HIDDEN, "size=1m,nr_inodes=4096,mode=755")
    try:
        os.chdir(base)
        _fill(made, trees, owner)
        if processes:
            _own_processes()
        calls.call("pivot_root", ".", ".")
    except OSError:
        calls.call("umount2", base, calls.MNT_DETACH)
        raise
    calls.call("umount2", ".", calls.MNT_DETACH)
    os.chdir("/")
    _seal()
    try:
        os.chdir(here)
    except OSError:
        os.chdir("/")


def _cloned(box: Mapping[str, Any], *, processes: bool) -> tuple[layout.Layout, dict[str, int]]:
    """Before anything is mounted over. Recomputed when a path has disappeared since."""
    made = layout.Layout(box, processes=processes)
    try:
        return made, {path: _tree(path, attributes) for path, attributes in made.trees.items()}
    except FileNotFoundError:
        layout.forget()
    made = layout.Layout(box, processes=processes)
    return made, {path: _tree(path, attributes) for path, attributes in made.trees.items()}


def _tree(path: str, attributes: int) -> int:
    tree = calls.clone_tree(path)
    calls.set_attributes(tree, attributes)
    return tree


def _fill(made: layout.Layout, trees: Mapping[str, int], owner: int) -> None:
    """Makes the working directory the root."""
    for path in made.directories:
        os.mkdir(f".{path}", 0o755)
    for path in made.files:
        os.close(os.open(f".{path}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    for path, target in made.links.items():
        os.symlink(target, f".{path}")
    for path, tree in trees.items():
        calls.attach_tree(tree, f".{path}")
        os.close(tree)
    for path, size in made.scratch.items():
        options = f"size={size},nr_inodes=65536,mode=700,uid={owner},gid={owner}"
        calls.mount("tmpfs", f".{path}", "tmpfs", _HIDDEN, options)


def _own_processes() -> None:
    for options in ("subset=pid,hidepid=invisible", None):
        try:
            calls.mount("proc", "./proc", "proc", _HIDDEN | calls.MS_NOEXEC, options)
        except OSError:
            continue
        return


def _seal() -> None:
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        calls.set_attributes(root, layout.PLAIN | calls.ATTR_RDONLY, recursive=False)
    finally:
        os.close(root)
