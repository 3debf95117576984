"""The layers that a program's own process applies, in order: limits, files, calls."""

from __future__ import annotations

import resource

from argosy.confinement import layers
from argosy.confinement.kernel import landlock, seccomp
from argosy.confinement.launch import layout

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any


def limit(box: dict[str, Any]) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: box["file_bytes"] or None,
        resource.RLIMIT_NOFILE: box["open_files"],
        resource.RLIMIT_DATA: box["data_bytes"] or None,
    }
    if hasattr(resource, "RLIMIT_MSGQUEUE"):
        wanted[resource.RLIMIT_MSGQUEUE] = 0
    for what, value in wanted.items():
        if value is None:
            continue
        _, hard = resource.getrlimit(what)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (ceiling, ceiling))


def without_files(box: dict[str, Any], held: set[str], port: int) -> None:
    if layers.LANDLOCK in box["without"]:
        return
    reads = list(box["reads"])
    if layers.VIEW in held and box["proc"]:
        reads.append("/proc")
    try:
        found = landlock.restrict(reads, [*box["writes"], *box["scratch"]], layout.DEVICES, port)
    except OSError:
        return
    held.add(layers.LANDLOCK)
    if found >= 6:
        held.add(layers.SCOPE)


def without_calls(box: dict[str, Any], held: set[str]) -> None:
    if layers.SECCOMP in box["without"]:
        return
    try:
        seccomp.confine(**calls_of(box))
    except OSError:
        return
    held.add(layers.SECCOMP)


def calls_of(box: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the system call filter."""
    programs = box["programs"] or not box["module"]
    sockets = seccomp.INTERNET if box["gate"] >= 0 else seccomp.UNIX if box["unix_sockets"] else ()
    return {"sockets": sockets, "programs": programs, "processes": programs}
