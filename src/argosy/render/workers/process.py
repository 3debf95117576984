"""One worker: a process in a sandbox, with its pipe, its directory, and a watchdog.

It runs a `Program` within `Limits`. It is killed, never asked to stop, and nothing of it remains, even
when this process is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from argosy.confinement import layers, tree
from argosy.confinement.box import Box
from argosy.confinement.remote import Process
from argosy.confinement.start import Running, end, start
from argosy.machinery import duration
from argosy.render.port import RenderError
from argosy.render.workers.wire import Closed, Pipe

STALLED: Final = 10
"""Factor on the wall clock limit for a worker that could not get the processor time that the limit assumes."""

LAST_WORDS: Final = 8192
"""Bytes of a program's standard error that are read when it did not start."""

SAID_LIMIT: Final = 300
"""Characters of them that are reported."""

PREFIX: Final = "argosy-render-"
LOCK: Final = "parent"
SCRATCH: Final = "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one worker. `memory_bytes` is resident memory."""

    wall_seconds: float = 90.0
    memory_bytes: int = 768 * 1024 * 1024
    jobs: int = 2000
    idle_seconds: float = 60.0
    start_seconds: float = 60.0
    """Seconds within which a program must be ready, even on a busy machine."""

    watch_seconds: float = 0.25
    """Seconds between two checks of a worker with a job."""

    each_frame: bool = False
    """The wall clock restarts with each frame that the worker sends."""

    busy_seconds: float = 0.0
    """Processor seconds below which a worker is not late, but on a machine without time for it: it may be STALLED times
    as slow."""

    def are_over(self, waited: float, used: float) -> bool:
        """`waited` seconds of wall time, `used` seconds of processor time since the clock was started."""
        if waited < self.wall_seconds:
            return False
        return used >= self.busy_seconds or waited >= STALLED * self.wall_seconds


def limits_of(environment: Mapping[str, str]) -> Limits:
    """`ARGOCD_EXEC_TIMEOUT` (a Go duration, or seconds) limits how long a tool may run."""
    text = environment.get("ARGOCD_EXEC_TIMEOUT", "").strip()
    try:
        seconds = float(text) if text.isdigit() else duration.parse(text).total_seconds() if text else 0.0
    except duration.DurationError:
        seconds = 0.0
    return Limits(wall_seconds=seconds) if seconds > 0 else Limits()


class WorkerLost(RenderError):
    """The worker died or was killed; the message says why."""


class NoWorker(WorkerLost):
    """No worker could be started, so no job is to blame."""


@dataclass(frozen=True, slots=True)
class Program:
    """The program of the children. `module` has a `main`; `name` is for messages; `box` gets the scratch directory."""

    module: str
    name: str
    box: Callable[[str], Box]


class WorkerProcess:
    """One child process with its pipe and temporary directory."""

    def __init__(self, program: Program, *, start_seconds: float) -> None:
        """Waits until the program is ready. Raises NoWorker with the reason it did not start, and OSError."""
        self._program = program
        self.jobs = 0
        self.over = False
        self.reason = ""
        self._process: Process | None = None
        self.held: frozenset[str] = frozenset()
        """The active layers of confinement."""
        self._directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = -1
        try:
            self._lock = _locked(self._directory)
            self._box = program.box(str(_scratch(self._directory)))
            with tempfile.TemporaryFile() as last_words:
                self._wait_until_ready(last_words, start_seconds)
        except OSError:
            self._clear()
            raise

    def _wait_until_ready(self, last_words: IO[bytes], seconds: float) -> None:
        """A program that sends nothing for `seconds` never becomes ready."""
        late = threading.Timer(seconds, self.kill, (f"did not say within {seconds:g} seconds that it is ready",))
        late.daemon = True
        late.start()
        try:
            running = self._started(last_words)
            self.held = running.held
            self.pipe = _pipe(running.process)
            self.pipe.receive()
        except (Closed, TypeError, ValueError):
            reason = self.reason or _cause(last_words, self.exit_status())
            self.stop()
            raise NoWorker(f"the {self._program.name} did not start: {reason}") from None
        finally:
            late.cancel()

    def _started(self, last_words: IO[bytes]) -> Running:
        def begun(process: Process) -> None:
            self._process = process

        scratch = self._directory / SCRATCH
        return start(
            self._box,
            module=self._program.module,
            directory=str(scratch),
            environment=_environment(scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=last_words,
            begun=begun,
        )

    @property
    def pid(self) -> int:
        """The process that waits for the program, and exits with it."""
        return self._process.pid if self._process else 0

    @property
    def pids(self) -> list[int]:
        return tree.below(self.pid)

    @property
    def program_pid(self) -> int:
        """The program itself, as long as it has started no other."""
        return self.pids[-1]

    @property
    def is_usable(self) -> bool:
        """Neither killed by us nor exited by itself without a job."""
        return not self.over and self._process is not None and self._process.poll() is None

    def watch(self, limits: Limits) -> threading.Event:
        """Kills the worker when the job exceeds its time or memory, until the event is set."""
        done = threading.Event()
        threading.Thread(target=self._watch, args=(limits, done), daemon=True, name="render-watch").start()
        return done

    def _watch(self, limits: Limits, done: threading.Event) -> None:
        # Uses real time whatever the clock is: a hanging program hangs in real time.
        waited, seen, began = 0.0, self.pipe.received, -1.0
        while not done.wait(limits.watch_seconds):
            # Nothing is checked before the first wait is over: most jobs are done by then.
            burnt = self.processor_seconds() if limits.busy_seconds else 0.0
            began = burnt if began < 0 else began
            waited += limits.watch_seconds
            if limits.each_frame and self.pipe.received != seen:
                waited, seen, began = 0.0, self.pipe.received, burnt
            elif limits.are_over(waited, burnt - began):
                self.kill(f"was stopped after {limits.wall_seconds:g} seconds")
            elif excess := self._excess(limits):
                self.kill(f"was stopped at {excess}")
            if self.over:
                return

    def _excess(self, limits: Limits) -> str:
        """The exceeded resource, or ""; limits enforced by the kernel need no check."""
        pids = self.pids
        limit = limits.memory_bytes
        if tree.resident_bytes(pids) > limit and (used := tree.held_bytes(pids)) > limit:
            return f"{used >> 20} MiB, the limit is {limit >> 20} MiB"
        if not layers.is_kept(layers.COUNT, self.held) and (count := tree.task_count(pids)) > self._box.tasks > 0:
            return f"{count} processes, the limit is {self._box.tasks}"
        if not layers.is_kept(layers.DISK, self.held):
            for path, size in self._box.scratch.items():
                if (taken := _taken(Path(path))) > size:
                    return f"{taken >> 20} MiB of disk, the limit is {size >> 20} MiB"
        return ""

    def processor_seconds(self) -> float:
        """Used by the worker and its children so far; 0 when it has exited or the system does not report it."""
        return tree.processor_seconds(self.pids)

    def kill(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.over = True
        if self._process is not None:
            end(self._process, self.held)

    def exit_status(self) -> int | None:
        if self._process is None:
            return None
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Kills the process and removes its files."""
        self.kill("was stopped")
        if self._process is not None:
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)
        self._lock = -1


def sweep(parent: Path) -> None:
    """Removes workers' directories whose parent process has exited for any reason: nobody has their lock."""
    for left in parent.glob(f"{PREFIX}*"):
        try:
            if left.is_symlink() or left.stat().st_uid != os.getuid():
                continue
            lock = os.open(left / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(lock)


def _pipe(process: Process) -> Pipe:
    assert process.stdin is not None and process.stdout is not None
    return Pipe(process.stdout.fileno(), process.stdin.fileno())


def _cause(last_words: IO[bytes], status: int | None) -> str:
    """The last line that a program wrote before it exited, which names the problem; else how it exited."""
    size = last_words.seek(0, os.SEEK_END)
    last_words.seek(max(0, size - LAST_WORDS))
    lines = last_words.read(LAST_WORDS).decode(errors="replace").split("\n")
    last_line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if last_line:
        return "".join(char if char.isprintable() else " " for char in last_line)[:SAID_LIMIT]
    if status is None:
        return "it closed its pipe"
    return f"it was killed by signal {-status}" if status < 0 else f"it ended with status {status}"


def _locked(directory: Path) -> int:
    """A lock that ends with this process; the file gets its name only once it is locked."""
    lock = os.open(directory / "new", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (directory / "new").rename(directory / LOCK)
    return lock


def _scratch(directory: Path) -> Path:
    """Next to the lock, which is not the worker's; another user can enter it, and can list nothing else."""
    directory.chmod(0o711)
    scratch = directory / SCRATCH
    scratch.mkdir(mode=0o700)
    return scratch


def _taken(directory: Path) -> int:
    total = 0
    for where, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{where}/{name}").st_blocks * 512
    return total


def _environment(directory: Path) -> dict[str, str]:
    """The complete environment of a worker: no credential, no proxy, no path to a configuration."""
    own = {name: str(directory) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return {**own, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "GOMAXPROCS": "1", "GOMEMLIMIT": "512MiB"}
