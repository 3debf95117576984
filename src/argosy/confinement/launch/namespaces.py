"""The namespaces of a box: all at once, as the administrator or through a user namespace; else as many as there are."""

from __future__ import annotations

import os

from argosy.confinement import layers
from argosy.confinement.kernel import calls

TYPE_CHECKING = False  # typing takes longer to load than all else here
if TYPE_CHECKING:
    from typing import Any


def own(box: dict[str, Any]) -> set[str]:
    """All at once, as the administrator or through a user namespace; else as many as there are."""
    wanted = calls.NEWNS | calls.NEWPID | calls.NEWNET | calls.NEWIPC | calls.NEWUTS
    user, group = os.geteuid(), os.getegid()
    skipped = box["without"]
    if layers.VIEW in skipped:
        wanted &= ~calls.NEWNS
    if layers.PIDS in skipped:
        wanted &= ~calls.NEWPID
    if layers.NETWORK in skipped:
        wanted &= ~calls.NEWNET
    for flags in (wanted, wanted | calls.NEWUSER):
        if flags & calls.NEWUSER and layers.USER in skipped:
            continue
        try:
            calls.unshare(flags)
        except OSError:
            continue
        # The administrator's own processes are never counted, in whatever namespace.
        held = {layers.USER} if flags & calls.NEWUSER and user != 0 else set[str]()
        if flags & calls.NEWUSER:
            box["own_user"] = False
            _map_user(user, group)
        held |= {layers.PIDS} if wanted & calls.NEWPID else set()
        held |= {layers.NETWORK} if wanted & calls.NEWNET else set()
        held |= {layers.VIEW} if wanted & calls.NEWNS else set()
        return held | {layers.IPC}
    return set()


def _map_user(user: int, group: int) -> None:
    """Each id stays what it is; no other exists."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
            os.write(descriptor, text.encode())
            os.close(descriptor)
        except OSError:
            continue
