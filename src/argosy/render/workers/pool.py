"""A pool of workers: started on demand, stopped when idle, replaced after a number of jobs.

Programs that run in them: tools that render and plug-ins (`RenderPool`), users' Lua (lua/evaluator.py) and jq. A worker
is killed, never asked to stop: when its job exceeds the wall clock limit, when its memory exceeds the limit, when its
caller gives up. That is one failed job; the next one gets a new worker. Leaks of libraries stay bounded, as each worker
is replaced eventually.

Trees are read in this process, in one thread per worker, so a slow disk or an answer to a worker never blocks
the event loop. Limits: spec/security.md, trust boundaries.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from argosy.confinement import layers
from argosy.render.inputs import AnswerBook
from argosy.render.workers.boxes import for_plugins, for_rendering, plugin_limits
from argosy.render.workers.conversation import Assignment, Outcome, converse
from argosy.render.workers.loans import Loan
from argosy.render.workers.process import Limits, NoWorker, Program, WorkerLost, WorkerProcess, sweep
from argosy.render.workers.starts import Starts
from argosy.render.workers.wire import Closed, Pipe
from argosy.runtime.clock import Clock, TimerHandle
from argosy.runtime.workqueue.fair_places import FairPlaces, Share

T = TypeVar("T")
logger = logging.getLogger(__name__)
_logged: set[frozenset[str]] = set()

RENDERING: Final = Program("argosy.render.workers.worker", "render worker", for_rendering)
PLUGINS: Final = Program("argosy.render.workers.worker", "plugin worker", for_plugins)
PLUGIN_WATCH_SECONDS: Final = 0.1
NOBODY: Final = Share()
"""One share for all callers without a name."""


class WorkerPool:
    """Lends workers of one program. `size` 0 means one per core, at least two."""

    def __init__(self, clock: Clock, program: Program, *, size: int = 0, limits: Limits | None = None) -> None:
        self._clock = clock
        self._program = program
        self._limits = limits or Limits()
        self._size = size or max(2, os.cpu_count() or 2)
        self._places = FairPlaces(clock, self._size, self._size)
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._idle_timer: TimerHandle | None = None
        self._open = 0
        self._starts = Starts()
        self.started = 0
        """Workers ever started: a counter for metrics and tests."""

    @property
    def processes(self) -> tuple[WorkerProcess, ...]:
        """Number of current workers."""
        with self._lock:
            return tuple(self._all)

    async def lend(self, talk: Callable[[Pipe], T], share: Share = NOBODY) -> T:
        """The result of `talk`, run in a thread with a worker. Raises WorkerLost when the worker died before the end.

        `share`: the caller and its subject: workers are shared fairly, see runtime/workqueue/fair_places.py. A slow one
        continues next to the others with less of the processor, and is stopped when too many are slow.
        """
        job = Loan(self._program.name)
        async with self._places.taken(share, slowed=job.slow_down, send_away=job.stop):
            if self._threads is None:
                sweep(Path(tempfile.gettempdir()))
                self._threads = ThreadPoolExecutor(self._places.total, thread_name_prefix="render")
            self._begin()
            try:
                return await self._clock.external(self._threaded(self._threads, talk, job))
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

    async def _threaded(self, threads: ThreadPoolExecutor, talk: Callable[[Pipe], T], job: Loan) -> T:
        """Started only inside `Clock.external`, where outside work belongs."""
        return await asyncio.get_running_loop().run_in_executor(threads, self._job, talk, job)

    def _job(self, talk: Callable[[Pipe], T], job: Loan) -> T:
        worker = self._take()
        job.begin(worker)
        watch = worker.watch(self._limits)
        try:
            outcome = talk(worker.pipe)
        except (Closed, KeyError, TypeError, ValueError) as error:
            reason = worker.reason or _reason(worker, error)
            worker.kill(reason)
            raise WorkerLost(f"the {self._program.name} {reason}") from None
        finally:
            watch.set()
            if job.is_slow:
                worker.over = True
            self._give_back(worker)
        return outcome

    def _take(self) -> WorkerProcess:
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                break
            if worker.is_usable:
                return worker
            self._discard(worker)
        worker = self._start()
        with self._lock:
            self._all.add(worker)
            self.started += 1
        return worker

    def _start(self) -> WorkerProcess:
        """A new worker, within a number of attempts. Raises NoWorker; immediately while starts are paused."""
        while True:
            with self._lock:
                self._starts.check(self._clock.monotonic())
            try:
                worker = WorkerProcess(self._program, start_seconds=self._limits.start_seconds)
            except OSError as error:
                cause = f"no {self._program.name} can be started: {error.strerror or error}"
            except NoWorker as error:
                cause = str(error)
            else:
                with self._lock:
                    self._starts.succeeded()
                _log_once(worker.held)
                return worker
            with self._lock:
                self._starts.failed(cause, self._clock.monotonic())

    def _give_back(self, worker: WorkerProcess) -> None:
        worker.jobs += 1
        if worker.over or worker.jobs >= self._limits.jobs:
            self._discard(worker)
            if self._limits.jobs == 1 and self._threads is not None:
                with contextlib.suppress(RuntimeError):  # it is being shut down
                    self._threads.submit(self._replace)
            return
        with self._lock:
            self._idle.append(worker)

    def _replace(self) -> None:
        """For single-job workers, keeps one ready, so that the next job need not wait for its start."""
        with self._lock:
            threads = self._threads
            if threads is None or self._idle or len(self._all) >= self._size:
                return
        try:
            worker = self._start()
        except (NoWorker, OSError):
            return  # callers that need one get an error
        with self._lock:
            if self._threads is not None and not self._idle:
                self._all.add(worker)
                self._idle.append(worker)
                self.started += 1
                return
        worker.stop()

    def _discard(self, worker: WorkerProcess) -> None:
        worker.stop()
        with self._lock:
            self._all.discard(worker)


class RenderPool(WorkerPool):
    """Runs assignments in workers.

    A plug-in's job has a dedicated worker, with programs to run, which is stopped after the job along with everything
    it started: one Application's plug-in cannot affect another's.
    """

    def __init__(self, clock: Clock, book: AnswerBook, *, size: int = 0, limits: Limits | None = None) -> None:
        super().__init__(clock, RENDERING, size=size, limits=limits)
        self._book = book
        memory = plugin_limits(os.environ).memory_bytes
        alone = replace(self._limits, jobs=1, memory_bytes=memory, watch_seconds=PLUGIN_WATCH_SECONDS)
        self.plugins = WorkerPool(clock, PLUGINS, size=size, limits=alone)

    async def run(self, assignment: Assignment, share: Share = NOBODY) -> Outcome:
        """Raises WorkerLost when the worker died before the end of the job."""
        pool = self.plugins if assignment.job["tool"] == "Plugin" else self
        return await pool.lend(lambda pipe: converse(pipe, assignment, self._book), share)

    def close(self) -> None:
        super().close()
        self.plugins.close()


def _log_once(held: frozenset[str]) -> None:
    """Logs at the first start which confinement this kernel does not support: `argosy doctor` has details."""
    if held in _logged:
        return
    _logged.add(held)
    if lacking := layers.broken(list(layers.PROMISES), held):
        logger.warning("the kernel does not let us promise that a worker %s", ", ".join(lacking))


def _reason(worker: WorkerProcess, error: Exception) -> str:
    status = worker.exit_status() if isinstance(error, Closed) else None
    if status is None:
        return f"broke the protocol: {error}"
    if status in (-signal.SIGXCPU, -signal.SIGPROF):
        return "was stopped after too much processor time"
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
