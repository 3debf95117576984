"""Render workers: spawned child processes, at most one per core, started when needed and stopped when idle.

A worker is killed, never asked: when its job takes longer than the wall clock allows, when its memory passes the limit,
when its caller gives up. That is one failed rendering; the next one gets a new worker. Each is replaced after a number
of jobs, so that what a library leaks stays bounded.

Reading the trees happens in this process, in one thread per worker, so a slow disk or an answer to a worker never holds
up the event loop. Limits: spec/security.md, trust boundaries.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argosy.machinery import duration
from argosy.render.conversation import Assignment, Outcome, converse
from argosy.render.inputs import AnswerBook
from argosy.render.port import RenderError
from argosy.render.wire import Closed, Pipe
from argosy.runtime.clock import Clock, TimerHandle

BOOT: Final = "import sys; sys.path.insert(0, sys.argv.pop()); from argosy.render.worker import main; main()"
WATCH_SECONDS: Final = 0.25
PREFIX: Final = "argosy-render-"
LOCK: Final = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one worker."""

    wall_seconds: float = 90.0
    memory_bytes: int = 768 * 1024 * 1024
    jobs: int = 2000
    idle_seconds: float = 60.0


def limits_of(environment: Mapping[str, str]) -> Limits:
    """`ARGOCD_EXEC_TIMEOUT` (a Go duration, or seconds) for how long a tool may take."""
    text = environment.get("ARGOCD_EXEC_TIMEOUT", "").strip()
    try:
        seconds = float(text) if text.isdigit() else duration.parse(text).total_seconds() if text else 0.0
    except duration.DurationError:
        seconds = 0.0
    return Limits(wall_seconds=seconds) if seconds > 0 else Limits()


class WorkerLost(RenderError):
    """The worker died or was killed; the text says why."""


class RenderPool:
    """Runs assignments in workers. `size` 0 means one per core, two at least."""

    def __init__(self, clock: Clock, book: AnswerBook, *, size: int = 0, limits: Limits | None = None) -> None:
        self._clock = clock
        self._book = book
        self._limits = limits or Limits()
        self._size = size or max(2, os.cpu_count() or 2)
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._idle_timer: TimerHandle | None = None
        self._open = 0
        self.started = 0
        """Workers ever started: a figure for metrics and tests."""

    async def run(self, assignment: Assignment) -> Outcome:
        """Raises WorkerLost when the worker did not live to the end of the job."""
        if self._threads is None:
            sweep(Path(tempfile.gettempdir()))
            self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="render")
        self._begin()
        try:
            return await self._clock.external(self._threaded(self._threads, assignment))
        finally:
            self._end()

    def close(self) -> None:
        """Kills every worker; running jobs fail with WorkerLost."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        with self._lock:
            workers, self._idle = list(self._all), []
        for worker in workers:
            worker.kill("Argosy is stopping")
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None
        self.stop_idle()

    def stop_idle(self) -> None:
        """Stops workers that have no job; the next rendering starts a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
            rest = [worker for worker in self._all if worker.over]
        for worker in {*idle, *rest}:
            self._discard(worker)

    def _begin(self) -> None:
        self._open += 1
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _end(self) -> None:
        self._open -= 1
        if not self._open and self._threads is not None:
            self._idle_timer = self._clock.call_later(self._limits.idle_seconds, self.stop_idle, background=True)

    async def _threaded(self, threads: ThreadPoolExecutor, assignment: Assignment) -> Outcome:
        """Begun only inside `Clock.external`, where outside work belongs."""
        return await asyncio.get_running_loop().run_in_executor(threads, self._job, assignment)

    def _job(self, assignment: Assignment) -> Outcome:
        worker = self._take()
        watch = worker.watch(self._limits)
        try:
            outcome = converse(worker.pipe, assignment, self._book)
        except (Closed, KeyError, TypeError, ValueError) as error:
            reason = worker.reason or _told(worker, error)
            worker.kill(reason)
            raise WorkerLost(f"the render worker {reason}") from None
        finally:
            watch.set()
            self._give_back(worker)
        return outcome

    def _take(self) -> _Worker:
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                break
            if not worker.over:
                return worker
            self._discard(worker)
        try:
            worker = _Worker()
        except OSError as error:
            raise WorkerLost(f"no render worker can be started: {error.strerror}") from None
        with self._lock:
            self._all.add(worker)
            self.started += 1
        return worker

    def _give_back(self, worker: _Worker) -> None:
        worker.jobs += 1
        if worker.over or worker.jobs >= self._limits.jobs:
            self._discard(worker)
            return
        with self._lock:
            self._idle.append(worker)

    def _discard(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            self._all.discard(worker)


class _Worker:
    """One child process with its pipe and temporary directory."""

    def __init__(self) -> None:
        self.jobs = 0
        self.over = False
        self.reason = ""
        self._directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _locked(self._directory)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", BOOT, str(Path(__file__).parents[2])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._directory,
            env=_environment(self._directory),
            close_fds=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self.pipe = Pipe(self._process.stdout.fileno(), self._process.stdin.fileno())
        self.confined = self._greeting()

    def _greeting(self) -> dict[str, bool]:
        try:
            header, _ = self.pipe.receive()
        except Closed:
            self.stop()
            raise WorkerLost("the render worker did not start") from None
        return dict(header.get("ready") or {})

    def watch(self, limits: Limits) -> threading.Event:
        """Kills the worker when the job takes too long or too much memory, until the event is set."""
        done = threading.Event()
        threading.Thread(target=self._watch, args=(limits, done), daemon=True, name="render-watch").start()
        return done

    def _watch(self, limits: Limits, done: threading.Event) -> None:
        # Waits by real time whatever the clock door says: a hanging program hangs in real time.
        waited = 0.0
        while not done.wait(WATCH_SECONDS):
            waited += WATCH_SECONDS
            if waited >= limits.wall_seconds:
                self.kill(f"was stopped after {limits.wall_seconds:g} seconds")
            elif (used := self._resident()) > limits.memory_bytes:
                self.kill(f"was stopped at {used >> 20} MiB, the limit is {limits.memory_bytes >> 20} MiB")
            else:
                continue
            return

    def _resident(self) -> int:
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def kill(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.over = True
        for stop in (os.killpg, os.kill):
            try:
                stop(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue

    def exit_status(self) -> int | None:
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Ends the process and removes what it left on disk."""
        self.kill("was stopped")
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        shutil.rmtree(self._directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)
        self._lock = -1


def sweep(parent: Path) -> None:
    """Removes workers' directories whose parent process is gone, however it went: nobody holds their lock."""
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


def _locked(directory: Path) -> int:
    """A lock that ends with this process; the file gets its name only once it is locked."""
    lock = os.open(directory / "new", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (directory / "new").rename(directory / LOCK)
    return lock


def _told(worker: _Worker, error: Exception) -> str:
    status = worker.exit_status() if isinstance(error, Closed) else None
    if status is None:
        return f"broke the protocol: {error}"
    if status == -signal.SIGXCPU:
        return "was stopped after too much processor time"
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"


def _environment(directory: Path) -> dict[str, str]:
    """All that a worker's environment holds: no credential, no proxy, no path to a configuration."""
    own = {name: str(directory) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return {**own, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "GOMAXPROCS": "1", "GOMEMLIMIT": "512MiB"}
