"""Runs in the child, before any untrusted code: drops everything outside the sandbox, then becomes the program.

The program's parent is the first process of its pid namespace, which reaps the others and takes all of them down
with it. Without a pid namespace it is a process that kills everything the program leaves behind, whoever its parent
is. The caller waits for that one: forked by the starter it reports how the program ended; otherwise there is one more
process, which exits with the program's status.
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

TYPE_CHECKING = False  # typing takes longer to load than everything else here
if TYPE_CHECKING:
    from typing import Any, NoReturn


def main() -> None:
    """`argv`: the descriptor of the description, a marshalled dict (box.py)."""
    run(_description(int(sys.argv.pop())))


def run(box: dict[str, Any]) -> NoReturn:
    """In a process that was started only for this program."""
    _prepare(box)
    held = namespaces.own(box)
    if layers.PIDS in held:
        _as_outer(box, held)
    else:
        _as_warden(box, held)


def run_forked(box: dict[str, Any], held: set[str], ends: int) -> NoReturn:
    """In a fork of the starter, already in its namespaces. `ends`: where the program's status is reported."""
    _prepare(box)
    if layers.PIDS in held:
        _as_first(box, held, ends)
    else:
        _as_warden(box, held, ends)


def _prepare(box: dict[str, Any]) -> None:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    reaping.die_with_parent()
    try:
        os.chdir(box["directory"])
    except OSError as error:
        refuse(box, error)
    if box["group"]:
        # Before anything is started, and while the cgroup file system is visible.
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
    """Waits for the first process inside, and exits as the program did."""
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
    """Orphaned processes become our children, and are killed with the program."""
    with contextlib.suppress(OSError):
        calls.prctl(calls.PR_SET_CHILD_SUBREAPER, 1)
    # If we are killed by SIGKILL we can kill nobody: our parent's death is announced by a signal that can be handled.
    reaping.die_with_parent(_signal.SIGTERM)
    _signal.signal(_signal.SIGTERM, lambda *_: reaping.end_all(_signal.SIGKILL, ends))
    program = os.fork()
    if not program:
        _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
        if ends >= 0:
            os.close(ends)
        try:
            if layers.VIEW in held:
                calls.unshare(calls.NEWNS)  # the process that reaps the others must keep seeing them
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
    owner = identity.user_of(box)  # while /proc is visible
    held.discard(layers.VIEW)
    try:
        view.enter(box, owner, processes=box["proc"] and layers.PIDS in held)
    except OSError:
        return
    held.add(layers.VIEW)


def _become(box: dict[str, Any], held: set[str], port: int) -> NoReturn:
    """The last steps, in the only possible order; then the program."""
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
        # Python ignores them for itself; a program expects the defaults, unless the box says otherwise.
        _signal.signal(number, _signal.SIG_IGN if number in box["ignored"] else _signal.SIG_DFL)
    os.set_inheritable(box["tells"], False)
    os.write(box["tells"], marshal.dumps({"held": sorted(held)}))
    refuse(box, _failed(box["command"], environment))


def _failed(command: list[str], environment: dict[str, str]) -> OSError:
    """Runs it; returns only the error. We search PATH ourselves: Python's function loads modules."""
    name = command[0]
    places = [""] if "/" in name else [f"{place}/" for place in environment.get("PATH", os.defpath).split(":")]
    found: OSError = FileNotFoundError(2, "No such file or directory")
    for place in places:
        try:
            os.execve(place + name, command, environment)  # noqa: S606
        except OSError as error:
            found = found if error.errno in (2, 20) else error
    return found
