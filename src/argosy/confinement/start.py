"""Starts a program in a box, and ends it with all that it started. Blocking; from any thread."""

from __future__ import annotations

import contextlib
import io
import itertools
import marshal
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import argosy
from argosy.confinement import layers, tree
from argosy.confinement.box import Box

BOOT: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from argosy.confinement.launcher import main; main()"
END_SECONDS: Final = 2.0
_ROOT: Final = str(Path(argosy.__file__).parents[1])
_numbers = itertools.count()

Gate = Callable[[socket.socket], None]
"""Is handed the listening socket by which the program asks to be connected; serves it in a thread of its own."""


class NotConfined(OSError):
    """The kernel does not offer what this program must not run without; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A program in its box. `process` is the one that waits for it: its status is the program's."""

    process: subprocess.Popen[bytes]
    held: frozenset[str]
    """The layers that hold (layers.py)."""

    @property
    def pids(self) -> list[int]:
        return tree.below(self.process.pid)

    def kill(self) -> None:
        """It, and all that it started."""
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
    begun: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Running:
    """An executable by its argument vector, or the `main` of a module of ours.

    Returns once it runs. Raises NotConfined, FileNotFoundError and other OSErrors. `begun` is told of the process
    before that, to be able to end one that hangs.
    """
    reads, writes = os.pipe()
    described, describes = os.pipe()
    ours, theirs = socket.socketpair() if gate else (None, None)
    number = os.getpid() * 31 + next(_numbers)
    given = box.description(
        command=list(command), module=module, directory=directory, environment=dict(environment), number=number,
        tells=writes, gate=theirs.fileno() if theirs else -1,
    )  # fmt: skip
    try:
        marshalled = marshal.dumps(given)
        # A module sees the packages that are installed; for others, the interpreter alone starts faster.
        flags = ["-I"] if module else ["-I", "-S"]
        process = subprocess.Popen(
            [sys.executable, *flags, "-c", BOOT, _ROOT, str(described)],
            cwd=directory,
            env=dict(environment) if module else {"PATH": environment.get("PATH", os.defpath)},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(described, writes, *((theirs.fileno(),) if theirs else ())),
        )
    except BaseException:
        os.close(describes)
        os.close(reads)
        if ours:
            ours.close()
        raise
    finally:
        os.close(described)
        os.close(writes)
        if theirs:
            theirs.close()
    if begun:
        begun(process)
    with os.fdopen(describes, "wb") as description, contextlib.suppress(BrokenPipeError):
        description.write(marshalled)
    with os.fdopen(reads, "rb") as report:
        if ours and gate:
            _hand_over(ours, gate)
        return Running(process=process, held=_held(process, report.read()))


def end(process: subprocess.Popen[bytes], held: frozenset[str] = frozenset()) -> None:
    """With a pid namespace the kernel ends all with its first; else the one who waits does, while it is asked to."""
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
    """The listener comes once the network is there; a program that fails before that just closes its end."""
    with ours:
        _, found, _, _ = socket.recv_fds(ours, 1, 1)
    if found:
        gate(socket.socket(fileno=found[0]))


def _held(process: subprocess.Popen[bytes], report: bytes) -> frozenset[str]:
    told: dict[str, Any] = {}
    stream = io.BytesIO(report)
    while stream.tell() < len(report):
        told |= marshal.load(stream)  # noqa: S302  (our own launcher wrote it)
    if problem := told.get("error"):
        process.wait()
        for opened in (process.stdin, process.stdout, process.stderr):
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.close()
        number = told.get("errno", 0)
        raise OSError(number, problem) if number else NotConfined(problem)
    return frozenset(told.get("held", ()))


def watched(process: subprocess.Popen[bytes], seconds: float) -> threading.Timer:
    """Ends what has not begun in time."""
    timer = threading.Timer(seconds, end, (process,))
    timer.daemon = True
    timer.start()
    return timer


def died(process: subprocess.Popen[bytes]) -> str:
    """How it ended, in words."""
    status = process.wait()
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
