"""The namespaces of a sandbox: all at once, as root or through a user namespace; otherwise as many as possible."""

from __future__ import annotations

import os

from argosy.confinement import layers
from argosy.confinement.kernel import calls

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any, Final

OF_LAYERS: Final = {layers.VIEW: calls.NEWNS, layers.PIDS: calls.NEWPID, layers.NETWORK: calls.NEWNET}


def own(box: dict[str, Any]) -> set[str]:
    """For this process, and its future children. Returns the layers that they provide."""
    user, group = os.geteuid(), os.getegid()
    for flags in _attempts(box):
        try:
            calls.unshare(flags)
        except OSError:
            continue
        return _entered(box, flags, user, group)
    return set()


def forked(box: dict[str, Any]) -> tuple[int, int, set[str]]:
    """A fork that starts in its own namespaces: its process (0 in the child), its pidfd, the layers."""
    user, group = os.geteuid(), os.getegid()
    for flags in _attempts(box):
        try:
            child, handle = calls.fork(flags)
        except OSError:
            continue
        return child, handle, set() if child else _entered(box, flags, user, group)
    return (*calls.fork(0), set())


def _attempts(box: dict[str, Any]) -> list[int]:
    """As root, then through a user namespace."""
    skipped = box["without"]
    wanted = calls.NEWIPC | calls.NEWUTS
    for layer, flag in OF_LAYERS.items():
        wanted |= 0 if layer in skipped else flag
    return [wanted] if layers.USER in skipped else [wanted, wanted | calls.NEWUSER]


def _entered(box: dict[str, Any], flags: int, user: int, group: int) -> set[str]:
    held = {layers.IPC, *(layer for layer, flag in OF_LAYERS.items() if flags & flag)}
    if flags & calls.NEWUSER:
        box["own_user"] = False
        _map_user(user, group)
        # Root's own processes are never counted, in any namespace.
        held |= {layers.USER} if user != 0 else set()
    return held


def _map_user(user: int, group: int) -> None:
    """Each id maps to itself; no other exists."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
            os.write(descriptor, text.encode())
            os.close(descriptor)
        except OSError:
            continue
