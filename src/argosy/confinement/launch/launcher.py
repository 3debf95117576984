"""Runs in the child, before anything that is not trusted: gives up all but the box, then becomes the program.

The program has the first process of its pid namespace for a parent, which buries the others and takes all of them
along; where no pid namespace can be had, one that kills what the program leaves behind, whoever its parent is. Who
asked for the start waits for that one: forked by the starter it tells how the program ended, else there is one more
process, which ends as the program did.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module around it loads enum
import contextlib
import marshal
import os
import sys

from argosy.confinement import inside, layers
from argosy.confinement.kernel import calls, cgroups
from argosy.confinement.launch import identity, layering, namespaces, network, reaping, view
from argosy.confinement.launch.report import refuse, tell

TYPE_CHECKING = False  # typing takes longer to load than all else here
if TYPE_CHECKING:
    from typing import Any, NoReturn


def main() -> None:
    """`argv`: the descriptor of the description, a marshalled dict (box.py)."""
    run(_description(int(sys.argv.pop())))


def run(box: dict[str, Any]) -> NoReturn:
    """In a process that was started for this program alone."""
    _begin(box)
    held = namespaces.own(box)
    if layers.PIDS in held:
        _as_outer(box, held)
    else:
        _as_warden(box, held)


def run_forked(box: dict[str, Any], held: set[str], ends: int) -> NoReturn:
    """In a fork of the starter, in its namespaces already. `ends`: where the program's status is told."""
    _begin(box)
    if layers.PIDS in held:
        _as_first(box, held, ends)
    else:
        _as_warden(box, held, ends)


def _begin(box: dict[str, Any]) -> None:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    reaping.die_with_parent()
    try:
        os.chdir(box["directory"])
    except OSError as error:
        refuse(box, error)
    if box["group"]:
        # Before anything is started, and while the groups' own file system is in sight.
        with contextlib.suppress(OSError):
            cgroups.join(box["group"])
            box["joined"] = True


def _description(descriptor: int) -> dict[str, Any]:
    parts = []
    while part := os.read(descriptor, 65536):
        parts.append(part)
    os.close(descriptor)
    found: dict[str, Any] = marshal.loads(b"".join(parts))  # noqa: S302  (our parent wrote it)
    return found


def _as_outer(box: dict[str, Any], held: set[str]) -> NoReturn:
    """Waits for the first process inside, and ends as the program did."""
    reads, writes = os.pipe()
    first = os.fork()
    if not first:
        os.close(reads)
        reaping.die_with_parent()
        reaping.end_if_orphaned(writes)
        _as_first(box, held, writes)
    os.close(writes)
    reaping.close_all_but(reads)
    told = os.read(reads, 4)
    os.waitpid(first, 0)
    reaping.end_as(int.from_bytes(told, sys.byteorder) if told else _signal.SIGKILL)


def _as_first(box: dict[str, Any], held: set[str], tells: int) -> NoReturn:
    try:
        _own_view(box, held)
        listener = network.way_out(box, held)
    except OSError as error:
        refuse(box, error)
    program = os.fork()
    if not program:
        os.close(tells)
        _become(box, held, listener)
    reaping.close_all_but(tells)
    reaping.tell_end(tells, reaping.buried(program))
    os._exit(0)


def _as_warden(box: dict[str, Any], held: set[str], ends: int = -1) -> NoReturn:
    """Whatever loses its parent becomes our child, and dies with the program."""
    with contextlib.suppress(OSError):
        calls.prctl(calls.PR_SET_CHILD_SUBREAPER, 1)
    # Killed outright we could kill nobody: our parent's end is told by a signal that can be heard.
    reaping.die_with_parent(_signal.SIGTERM)
    _signal.signal(_signal.SIGTERM, lambda *_: reaping.end_all(_signal.SIGKILL, ends))
    program = os.fork()
    if not program:
        _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
        if ends >= 0:
            os.close(ends)
        try:
            if layers.VIEW in held:
                calls.unshare(calls.NEWNS)  # who buries the others must go on to see them
            _own_view(box, held)
            listener = network.way_out(box, held)
        except OSError as error:
            refuse(box, error)
        _become(box, held, listener)
    reaping.close_all_but(*([ends] if ends >= 0 else []))
    reaping.end_all(reaping.buried(program), ends)


def _own_view(box: dict[str, Any], held: set[str]) -> None:
    box["processes"] = identity.opened("/proc", os.O_DIRECTORY | os.O_PATH)
    if layers.VIEW not in held:
        return
    if not identity.can_read(box, held):
        box["own_user"] = False
    owner = identity.user_of(box)  # while there is a /proc to look at
    held.discard(layers.VIEW)
    try:
        view.enter(box, owner, processes=box["proc"] and layers.PIDS in held)
    except OSError:
        return
    held.add(layers.VIEW)


def _become(box: dict[str, Any], held: set[str], port: int) -> NoReturn:
    """The last steps, in the order in which each still may be taken; then the program."""
    try:
        inside.memory_file = identity.opened("self/statm", os.O_RDONLY, box["processes"])
        os.close(box["processes"])
        os.setsid()
        layering.limit(box)
        calls.drop_capabilities_for_good()
        identity.become(box, held)
        identity.without_privileges(held)
        reaping.die_with_parent()
        layering.without_files(box, held, port)
        layering.without_calls(box, held)
        if box.get("joined"):
            held.add(layers.GROUP)
        if problems := layers.broken(box["needs"], held):
            raise PermissionError(f"this kernel does not let us promise that it {', '.join(problems)}")
        os.chdir(box["directory"])
    except OSError as error:
        refuse(box, error)
    if box["module"]:
        tell(box, {"held": sorted(held)})
        __import__(box["module"])
        sys.modules[box["module"]].main()
        sys.stdout.flush()
        os._exit(0)
    _execute(box, held, port)


def _execute(box: dict[str, Any], held: set[str], port: int) -> NoReturn:
    environment = dict(box["environment"])
    if port:
        environment |= {"ALL_PROXY": f"socks5h://127.0.0.1:{port}", "ARGOSY_WAY_OUT": str(port)}
    os.close(inside.memory_file)
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        # Python leaves them out for itself; a program expects them as they are, unless the box says otherwise.
        _signal.signal(number, _signal.SIG_IGN if number in box["ignored"] else _signal.SIG_DFL)
    os.set_inheritable(box["tells"], False)
    os.write(box["tells"], marshal.dumps({"held": sorted(held)}))
    refuse(box, _failed(box["command"], environment))


def _failed(command: list[str], environment: dict[str, str]) -> OSError:
    """Runs it; comes back only with why that could not be. The search along PATH is ours: Python's loads modules."""
    name = command[0]
    places = [""] if "/" in name else [f"{place}/" for place in environment.get("PATH", os.defpath).split(":")]
    found: OSError = FileNotFoundError(2, "No such file or directory")
    for place in places:
        try:
            os.execve(place + name, command, environment)  # noqa: S606
        except OSError as error:
            found = found if error.errno in (2, 20) else error
    return found
