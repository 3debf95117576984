"""Runs in the child, before anything that is not trusted: gives up all but the box, then becomes the program.

Three processes: this one, whose end its parent waits for; the first of the pid namespace, which buries the others and
takes all of them along; and the program, a module of ours or another executable. Where no pid namespace can be had
there are two, and this one kills what the program leaves behind, whoever its parent is.

Only what starts fast is imported here: a start may cost a few milliseconds.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module around it loads enum
import _socket  # likewise
import contextlib
import fcntl
import marshal
import os
import resource
import select
import sys

from argosy.confinement import kernel, landlock, layers, seccomp, tree, view

TYPE_CHECKING = False  # typing takes longer to load than all else here
if TYPE_CHECKING:
    from typing import Any, Final, NoReturn

FIRST_USER: Final = 1_900_000_000
"""User ids from here on belong to nobody."""
USERS: Final = 60_000
NOBODY: Final = 65_534
SET_IDS: Final = 1 << 6 | 1 << 7
"""The capabilities to take another group and user."""
REFUSED: Final = 126
PROXY_PORT: Final = 1080
"""On which a box with a way out finds it, at its own 127.0.0.1."""

memory_file: int = -1
"""`/proc/self/statm` of the program, by a /proc that it cannot see: a descriptor that stays good."""


def main() -> None:
    """`argv`: the descriptor of the description, a marshalled dict (box.py)."""
    run(_description(int(sys.argv.pop())))


def run(box: dict[str, Any], parent: int = 0) -> NoReturn:
    """In a process that is there for this program alone. `parent`: who it must be that forked it."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    _die_with_parent()
    if parent and os.getppid() != parent:
        os._exit(1)
    try:
        os.chdir(box["directory"])
    except OSError as error:
        _refuse(box, error)
    held = _own_namespaces(box)
    if layers.PIDS in held:
        _as_outer(box, held)
    else:
        _as_warden(box, held)


def _description(descriptor: int) -> dict[str, Any]:
    parts = []
    while part := os.read(descriptor, 65536):
        parts.append(part)
    os.close(descriptor)
    found: dict[str, Any] = marshal.loads(b"".join(parts))  # noqa: S302  (our parent wrote it)
    return found


def _die_with_parent(number: int = _signal.SIGKILL) -> None:
    """Where the system has it; elsewhere a worker still ends with its pipe."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, number)
    except OSError:
        return


# -- namespaces --------------------------------------------------------------------------------------------------------


def _own_namespaces(box: dict[str, Any]) -> set[str]:
    """All at once, as the administrator or through a user namespace; else as many as there are."""
    wanted = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS
    user, group = os.geteuid(), os.getegid()
    skipped = box["without"]
    if layers.VIEW in skipped:
        wanted &= ~kernel.NEWNS
    if layers.PIDS in skipped:
        wanted &= ~kernel.NEWPID
    if layers.NETWORK in skipped:
        wanted &= ~kernel.NEWNET
    for flags in (wanted, wanted | kernel.NEWUSER):
        if flags & kernel.NEWUSER and layers.USER in skipped:
            continue
        try:
            kernel.unshare(flags)
        except OSError:
            continue
        # The administrator's own processes are never counted, in whatever namespace.
        held = {layers.USER} if flags & kernel.NEWUSER and user != 0 else set[str]()
        if flags & kernel.NEWUSER:
            box["own_user"] = False
            _map_user(user, group)
        held |= {layers.PIDS} if wanted & kernel.NEWPID else set()
        held |= {layers.NETWORK} if wanted & kernel.NEWNET else set()
        held |= {layers.VIEW} if wanted & kernel.NEWNS else set()
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


# -- the three processes -----------------------------------------------------------------------------------------------


def _as_outer(box: dict[str, Any], held: set[str]) -> NoReturn:
    """Waits for the first process inside, and ends as the program did."""
    reads, writes = os.pipe()
    first = os.fork()
    if not first:
        os.close(reads)
        _die_with_parent()
        _end_if_orphaned(writes)
        _as_first(box, held, writes)
    os.close(writes)
    _close_all_but(reads)
    told = os.read(reads, 16)
    os.waitpid(first, 0)
    _end_as(int(told) if told else _signal.SIGKILL)


def _as_first(box: dict[str, Any], held: set[str], tells: int) -> NoReturn:
    try:
        _own_view(box, held)
        listener = _way_out(box, held)
    except OSError as error:
        _refuse(box, error)
    program = os.fork()
    if not program:
        os.close(tells)
        _become(box, held, listener)
    _close_all_but(tells)
    status = _buried(program)
    os.write(tells, str(status).encode())
    os._exit(0)


def _as_warden(box: dict[str, Any], held: set[str]) -> NoReturn:
    """Whatever loses its parent becomes our child, and dies with the program."""
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    # Killed outright we could kill nobody: our parent's end is told by a signal that can be heard.
    _die_with_parent(_signal.SIGTERM)
    _signal.signal(_signal.SIGTERM, lambda *_: _end_all(_signal.SIGKILL))
    program = os.fork()
    if not program:
        _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
        try:
            if layers.VIEW in held:
                kernel.unshare(kernel.NEWNS)  # who buries the others must go on to see them
            _own_view(box, held)
            listener = _way_out(box, held)
        except OSError as error:
            _refuse(box, error)
        _become(box, held, listener)
    _close_all_but()
    _end_all(_buried(program))


def _buried(program: int) -> int:
    while True:
        try:
            found, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        if found == program:
            return status


def _end_all(status: int) -> NoReturn:
    tree.end(os.getpid())
    _end_as(status)


def _end_as(status: int) -> NoReturn:
    """With the program's own status, a signal included."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _end_if_orphaned(writes: int) -> None:
    """Our parent may have been killed before we asked to be told of it."""
    poll = select.poll()
    poll.register(writes, 0)
    if any(event & select.POLLERR for _, event in poll.poll(0)):
        os._exit(1)


def _close_all_but(*kept: int) -> None:
    """So that a pipe ends when the program does."""
    last = 0
    for descriptor in sorted(kept):
        os.closerange(last, descriptor)
        last = descriptor + 1
    os.closerange(last, 65536)


# -- what the program has ----------------------------------------------------------------------------------------------


def _own_view(box: dict[str, Any], held: set[str]) -> None:
    box["processes"] = _opened("/proc", os.O_DIRECTORY | os.O_PATH)
    if layers.VIEW not in held:
        return
    if not _can_read(box, held):
        box["own_user"] = False
    _user(box)  # while there is a /proc to look at
    held.discard(layers.VIEW)
    made = view.View(
        box["reads"], box["writes"], box["scratch"], _user(box), processes=box["proc"] and layers.PIDS in held
    )
    try:
        made.enter()
    except (OSError, StopIteration):
        return
    held.add(layers.VIEW)


def _way_out(box: dict[str, Any], held: set[str]) -> int:
    """Sends the parent a listening socket of this network, by which it takes what the program wants to reach."""
    if box["gate"] < 0:
        return 0
    if layers.NETWORK in held:
        _start_loopback()
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", PROXY_PORT if layers.NETWORK in held else 0))
    listener.listen(16)
    port: int = listener.getsockname()[1]
    gate = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, box["gate"])
    number = listener.fileno().to_bytes(4, sys.byteorder)
    gate.sendmsg([b"!"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, number)])
    gate.close()
    listener.close()
    return port


def _start_loopback() -> None:
    with_name = b"lo".ljust(16, b"\0")
    up_and_running = (0x1 | 0x40).to_bytes(2, sys.byteorder)
    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(control.fileno(), 0x8914, with_name + up_and_running.ljust(24, b"\0"))  # SIOCSIFFLAGS
    control.close()


def _become(box: dict[str, Any], held: set[str], port: int) -> NoReturn:
    """The last steps, in the order in which each still may be taken; then the program."""
    global memory_file
    try:
        memory_file = _opened("self/statm", os.O_RDONLY, box["processes"])
        os.close(box["processes"])
        os.setsid()
        _limit(box)
        kernel.drop_capabilities_for_good()
        _own_user(box, held)
        _without_privileges(held)
        _die_with_parent()
        _without_files(box, held, port)
        _without_calls(box, held)
        if problems := layers.broken(box["needs"], held):
            raise PermissionError(f"this kernel does not let us promise that it {', '.join(problems)}")
        os.chdir(box["directory"])
    except OSError as error:
        _refuse(box, error)
    if box["module"]:
        _tell(box, {"held": sorted(held)})
        __import__(box["module"])
        sys.modules[box["module"]].main()
        sys.stdout.flush()
        os._exit(0)
    _execute(box, held, port)


def _execute(box: dict[str, Any], held: set[str], port: int) -> NoReturn:
    environment = dict(box["environment"])
    if port:
        environment |= {"ALL_PROXY": f"socks5h://127.0.0.1:{port}", "ARGOSY_WAY_OUT": str(port)}
    os.close(memory_file)
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        # Python leaves them out for itself; a program expects them as they are, unless the box says otherwise.
        _signal.signal(number, _signal.SIG_IGN if number in box["ignored"] else _signal.SIG_DFL)
    os.set_inheritable(box["tells"], False)
    os.write(box["tells"], marshal.dumps({"held": sorted(held)}))
    _refuse(box, _failed(box["command"], environment))


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


def _opened(path: str, flags: int, directory: int | None = None) -> int:
    """Nothing stands for what is not there."""
    try:
        return os.open(path, flags | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _limit(box: dict[str, Any]) -> None:
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


def _own_user(box: dict[str, Any], held: set[str]) -> None:
    """As the administrator: another id, which nobody else has, so that the kernel counts its processes."""
    if layers.USER not in held:
        if _user(box) == os.geteuid() or not _can_read(box, held):
            return
        user = _user(box)
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


def _user(box: dict[str, Any]) -> int:
    """The id that the program has: another than ours only where we may take any."""
    own = os.geteuid()
    if own != 0 or not box["own_user"] or layers.USER in box["without"]:
        return own
    if "user" not in box:
        wanted = FIRST_USER + int(box["number"]) % USERS
        box["user"] = next((user for user in (wanted, NOBODY) if _may_become(user)), own)
    user: int = box["user"]
    return user


def _may_become(user: int) -> bool:
    """Whether the id exists in this user namespace, and we have the right to take it."""
    held = [line for line in _lines("/proc/self/status") if line.startswith("CapEff:")]
    if not held or int(held[0].split()[1], 16) & SET_IDS != SET_IDS:
        return False
    known = [[int(word) for word in line.split()] for line in _lines("/proc/self/uid_map")]
    return any(first <= user < first + count for first, _, count in known)


def _lines(path: str) -> list[str]:
    descriptor = _opened(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 65536).decode("ascii", "replace").splitlines()
    finally:
        os.close(descriptor)


def _can_read(box: dict[str, Any], held: set[str]) -> bool:
    """Whether another user could read what must be read; with a view of our own the way there does not count."""
    for path in [*box["reads"], *box["scratch"]]:
        found = os.path.realpath(path)
        if path not in box["scratch"] and not _is_open(found):
            return False
        while layers.VIEW not in held and (found := os.path.dirname(found)) != "/":
            if not _mode(found) & 0o001:
                return False
    return True


def _is_open(path: str) -> bool:
    mode = _mode(path)
    return mode < 0 or mode & 0o004 != 0


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return -1


def _without_privileges(held: set[str]) -> None:
    try:
        kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    except OSError:
        return
    held.add(layers.PRIVILEGES)


def _without_files(box: dict[str, Any], held: set[str], port: int) -> None:
    if layers.LANDLOCK in box["without"]:
        return
    reads = list(box["reads"])
    if layers.VIEW in held and box["proc"]:
        reads.append("/proc")
    try:
        found = landlock.restrict(reads, [*box["writes"], *box["scratch"]], view.DEVICES, port)
    except OSError:
        return
    held.add(layers.LANDLOCK)
    if found >= 6:
        held.add(layers.SCOPE)


def _without_calls(box: dict[str, Any], held: set[str]) -> None:
    if layers.SECCOMP in box["without"]:
        return
    try:
        seccomp.confine(
            sockets=seccomp.INTERNET if box["gate"] >= 0 else seccomp.UNIX if box["unix_sockets"] else (),
            programs=box["programs"] or not box["module"],
            processes=box["programs"] or not box["module"],
        )
    except OSError:
        return
    held.add(layers.SECCOMP)


def _tell(box: dict[str, Any], told: dict[str, Any]) -> None:
    os.write(box["tells"], marshal.dumps(told))
    os.close(box["tells"])


def _refuse(box: dict[str, Any], error: OSError) -> NoReturn:
    _tell(box, {"error": error.strerror or str(error), "errno": error.errno or 0})
    os._exit(REFUSED)
