"""The layers of confinement, and the guarantees that remain when some are missing. Pure."""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Final


VIEW: Final = "view"
"""A mount namespace whose root contains only the named paths."""
LANDLOCK: Final = "landlock"
"""Only the named paths can be opened, whatever the root is."""
SCOPE: Final = "scope"
"""Landlock: no signals and no abstract unix sockets across the sandbox boundary."""
PIDS: Final = "pids"
"""A pid namespace: other processes are invisible, and all inside end with its first."""
NETWORK: Final = "network"
"""A network namespace of its own."""
IPC: Final = "ipc"
SECCOMP: Final = "seccomp"
"""System calls that no sandboxed program needs are refused."""
USER: Final = "user"
"""A user id that nobody else has, or a user namespace: its processes are counted separately."""
PRIVILEGES: Final = "privileges"
"""No capabilities, and no program can gain any."""
GROUP: Final = "group"
"""A cgroup: the kernel limits memory and number of all its processes together."""

LAYERS: Final = (VIEW, LANDLOCK, SCOPE, PIDS, NETWORK, IPC, SECCOMP, USER, PRIVILEGES, GROUP)

FILES, SOCKETS, SIGNALS, COUNT, DISK = "files", "sockets", "signals", "processes", "disk"
PROMISES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    FILES: ((VIEW, LANDLOCK), "sees no files but its own"),
    SOCKETS: ((NETWORK, SECCOMP), "reaches no network and no socket"),
    SIGNALS: ((PIDS, SCOPE), "reaches no other process"),
    COUNT: ((USER, GROUP), "is limited in its number of processes by the kernel"),
    DISK: ((VIEW,), "is limited in its disk by the kernel"),
}
"""Guarantee -> the layers of which any provides it, and its text. Count and disk are also watched from outside."""

FOR_PLUGINS: Final = (FILES, SOCKETS, SIGNALS)
"""Without one of these, programs chosen by strangers are not run."""


def is_kept(promise: str, held: Collection[str]) -> bool:
    return any(layer in held for layer in PROMISES[promise][0])


def broken(promises: Collection[str], held: Collection[str]) -> list[str]:
    """The missing guarantees, in words."""
    return [PROMISES[name][1] for name in promises if not is_kept(name, held)]
