"""The program's user: a user id that nobody else has, if possible, and no privileges."""

from __future__ import annotations

import os
import resource

from argosy.confinement import layers
from argosy.confinement.kernel import calls
from argosy.confinement.launch import layout

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any, Final

FIRST_USER: Final = 1_900_000_000
"""User ids from here on are unused."""
USERS: Final = 60_000
NOBODY: Final = 65_534
SET_IDS: Final = 1 << 6 | 1 << 7
"""The capabilities to change group and user."""
_users: list[list[tuple[int, int]]] = []


def become(box: dict[str, Any], held: set[str]) -> None:
    """As root: a user id that nobody else has, so that the kernel counts its processes."""
    if layers.USER not in held:
        if user_of(box) == os.geteuid() or not can_read(box, held):
            return
        user = user_of(box)
        try:
            if layers.VIEW not in held:
                for path in box["scratch"]:
                    os.chown(path, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError:
            return
        held.add(layers.USER)
    if layers.USER in held and box["tasks"]:
        resource.setrlimit(resource.RLIMIT_NPROC, (box["tasks"], box["tasks"]))


def user_of(box: dict[str, Any]) -> int:
    """The user id of the program: different from ours only if we may take any."""
    own = os.geteuid()
    if own != 0 or not box["own_user"] or layers.USER in box["without"]:
        return own
    if "user" not in box:
        wanted = FIRST_USER + int(box["number"]) % USERS
        box["user"] = next((user for user in (wanted, NOBODY) if _may_become(user)), own)
    user: int = box["user"]
    return user


def _may_become(user: int) -> bool:
    """Whether the id exists in this user namespace, and we may take it."""
    return any(first <= user < first + count for first, count in users())


def users() -> list[tuple[int, int]]:
    """The ids that we may take, as (first, count); cached by the starter."""
    if not _users:
        held = [line for line in _lines("/proc/self/status") if line.startswith("CapEff:")]
        if held and int(held[0].split()[1], 16) & SET_IDS == SET_IDS:
            known = [[int(word) for word in line.split()] for line in _lines("/proc/self/uid_map")]
            _users.append([(first, count) for first, _, count in known])
        else:
            _users.append([])
    return _users[0]


def can_read(box: dict[str, Any], held: set[str]) -> bool:
    """Whether another user could read the required files; with a private root the path to them does not matter."""
    for path in [*box["reads"], *box["scratch"]]:
        found, _, mode = layout.looked_up(path)
        if path not in box["scratch"] and mode != layout.ABSENT and not mode & 0o004:
            return False
        while layers.VIEW not in held and (found := os.path.dirname(found)) != "/":
            if not _mode(found) & 0o001:
                return False
    return True


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return -1


def without_privileges(held: set[str]) -> None:
    try:
        calls.drop_capabilities()
        calls.prctl(calls.PR_SET_NO_NEW_PRIVS, 1)
    except OSError:
        return
    held.add(layers.PRIVILEGES)


def _lines(path: str) -> list[str]:
    descriptor = opened(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 65536).decode("ascii", "replace").splitlines()
    finally:
        os.close(descriptor)


def opened(path: str, flags: int, directory: int | None = None) -> int:
    """Missing paths are ignored."""
    try:
        return os.open(path, flags | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
