"""The layers of confinement, and what may be promised when some of them are missing. Pure."""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to load than all else here
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Final


VIEW: Final = "view"
"""A mount namespace whose root holds nothing but what was named."""
LANDLOCK: Final = "landlock"
"""No path but those named can be opened, whatever the root is."""
SCOPE: Final = "scope"
"""Landlock: no signal and no abstract unix socket across the box."""
PIDS: Final = "pids"
"""A pid namespace: other processes do not exist, and all inside end with its first."""
NETWORK: Final = "network"
"""A network namespace of its own."""
IPC: Final = "ipc"
SECCOMP: Final = "seccomp"
"""System calls that nobody in a box needs are refused."""
USER: Final = "user"
"""A user id that nobody else has, or a user namespace: its processes are counted by themselves."""
PRIVILEGES: Final = "privileges"
"""No capability, and none to be gained by any program."""
GROUP: Final = "group"
"""A cgroup: memory and number of all its processes together are the kernel's to limit."""

LAYERS: Final = (VIEW, LANDLOCK, SCOPE, PIDS, NETWORK, IPC, SECCOMP, USER, PRIVILEGES, GROUP)

FILES, SOCKETS, SIGNALS, COUNT, DISK = "files", "sockets", "signals", "processes", "disk"
PROMISES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    FILES: ((VIEW, LANDLOCK), "sees no files but its own"),
    SOCKETS: ((NETWORK, SECCOMP), "reaches no network and no socket"),
    SIGNALS: ((PIDS, SCOPE), "reaches no other process"),
    COUNT: ((USER, GROUP), "is limited in its number of processes by the kernel"),
    DISK: ((VIEW,), "is limited in its disk by the kernel"),
}
"""Promise -> any of these layers keeps it, and what it says. Count and disk are also watched from outside."""

FOR_PLUGINS: Final = (FILES, SOCKETS, SIGNALS)
"""Without one of these, programs of a stranger's choosing are not run."""


def is_kept(promise: str, held: Collection[str]) -> bool:
    return any(layer in held for layer in PROMISES[promise][0])


def broken(promises: Collection[str], held: Collection[str]) -> list[str]:
    """What cannot be promised, in words."""
    return [PROMISES[name][1] for name in promises if not is_kept(name, held)]
