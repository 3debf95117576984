"""Starts a program in a sandbox, and kills it along with everything it started. Blocking; from any thread."""

from __future__ import annotations

import contextlib
import io
import itertools
import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from argosy.confinement import layers, tree
from argosy.confinement.box import Box
from argosy.confinement.groups import GROUPS
from argosy.confinement.kernel import cgroups
from argosy.confinement.remote import ROOT, STARTER, Process, RemoteProcess

BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from argosy.confinement.launch.launcher import main; main()"
)
END_SECONDS: Final = 2.0


def _has_handles() -> bool:
    """Whether this kernel has pidfds (5.3 and newer), which the starter passes to us."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


HAS_HANDLES: Final = _has_handles()
_numbers = itertools.count()

Gate = Callable[[socket.socket], None]
"""Gets the listening socket by which the program requests connections; serves it in a thread of its own."""


class NotConfined(OSError):
    """The kernel does not support a layer that this program requires; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A program in its sandbox. `process` is the one that waits for it: its status is the program's."""

    process: Process
    held: frozenset[str]
    """The active layers (layers.py)."""
    group: str = ""

    @property
    def pids(self) -> list[int]:
        return tree.below(self.process.pid)

    def kill(self) -> None:
        """Kills it, and everything that it started."""
        if layers.GROUP in self.held:
            cgroups.kill(self.group)
        end(self.process, self.held)


def start(
    box: Box,
    *,
    command: Sequence[str] = (),
    module: str = "",
    directory: str,
    environment: Mapping[str, str],
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    gate: Gate | None = None,
    begun: Callable[[Process], None] | None = None,
) -> Running:
    """Starts an executable by its argument vector, or the `main` of one of our modules, which may have pipes as input.

    Returns once it runs. Raises NotConfined, FileNotFoundError and other OSErrors. `begun` is called with the process
    before that, so that one that hangs can be killed.
    """
    number = os.getpid() * 31 + next(_numbers)
    group = GROUPS.make(box, number)
    given = box.description(
        command=list(command), module=module, directory=directory, environment=dict(environment), number=number,
        tells=-1, gate=-1, group=group,
    )  # fmt: skip
    reads, writes = os.pipe()
    ours, theirs = socket.socketpair() if gate else (None, None)
    try:
        if module or not HAS_HANDLES:
            process: Process = _interpreter(given, writes, theirs, stdin, stdout, stderr)
        else:
            process = _executable(given, writes, theirs, stdin, stdout, stderr)
    except BaseException:
        os.close(reads)
        if ours:
            ours.close()
        raise
    finally:
        os.close(writes)
        if theirs:
            theirs.close()
    if begun:
        begun(process)
    with os.fdopen(reads, "rb") as report:
        if ours and gate:
            _hand_over(ours, gate)
        return Running(process=process, held=_held(process, report.read()), group=group)


def _interpreter(
    given: dict[str, Any],
    tells: int,
    gate: socket.socket | None,
    stdin: int | IO[bytes],
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> subprocess.Popen[bytes]:
    """In a new process: for a module, which sees the installed packages, and if there is no starter."""
    module, directory = given["module"], given["directory"]
    environment = given["environment"] if module else {"PATH": os.defpath}
    described, describes = os.pipe()
    try:
        marshalled = marshal.dumps({**given, "tells": tells, "gate": gate.fileno() if gate else -1})
        process = subprocess.Popen(
            [sys.executable, *(["-I"] if module else ["-I", "-S"]), "-c", BOOT, ROOT, str(described)],
            cwd=directory,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(described, tells, *((gate.fileno(),) if gate else ())),
        )
    except BaseException:
        os.close(describes)
        raise
    finally:
        os.close(described)
    with os.fdopen(describes, "wb") as description, contextlib.suppress(BrokenPipeError):
        description.write(marshalled)
    return process


def _executable(
    given: dict[str, Any],
    tells: int,
    gate: socket.socket | None,
    stdin: int | IO[bytes],
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> RemoteProcess:
    """Through the starter, which has everything loaded."""
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    printed, prints = os.pipe() if stdout == subprocess.PIPE else (-1, -1)
    try:
        streams = [
            _number(stdin, nothing),
            prints if prints >= 0 else _number(stdout, nothing),
            _number(stderr, nothing),
        ]
        pid, handle, ends = STARTER.start(marshal.dumps(given), streams, tells, gate.fileno() if gate else None)
    except BaseException:
        if printed >= 0:
            os.close(printed)
        raise
    finally:
        os.close(nothing)
        if prints >= 0:
            os.close(prints)
    return RemoteProcess(pid, handle, ends, os.fdopen(printed, "rb") if printed >= 0 else None)


def _number(stream: int | IO[bytes], nothing: int) -> int:
    """Its descriptor."""
    if isinstance(stream, int):
        return nothing if stream == subprocess.DEVNULL else stream
    return stream.fileno()


def end(process: Process, held: frozenset[str] = frozenset()) -> None:
    """With a pid namespace the kernel kills all with its first process; else the waiting process does, on request."""
    if process.poll() is not None:
        return
    if layers.PIDS not in held:
        with contextlib.suppress(OSError):
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            return
        tree.end(process.pid)
    with contextlib.suppress(OSError):
        process.kill()


def _hand_over(ours: socket.socket, gate: Gate) -> None:
    """The listener arrives once the network exists; a program that fails before that just closes its end."""
    with ours:
        _, found, _, _ = socket.recv_fds(ours, 1, 1)
    if found:
        gate(socket.socket(fileno=found[0]))


def _held(process: Process, report: bytes) -> frozenset[str]:
    answer: dict[str, Any] = {}
    stream = io.BytesIO(report)
    while stream.tell() < len(report):
        answer |= marshal.load(stream)  # noqa: S302  (our own launcher wrote it)
    if problem := answer.get("error"):
        process.wait()
        for opened in (process.stdin, process.stdout, process.stderr):
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.close()
        number = answer.get("errno", 0)
        raise OSError(number, problem) if number else NotConfined(problem)
    return frozenset(answer.get("held", ()))
