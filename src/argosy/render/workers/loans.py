"""One job's worker, as seen by the fair scheduler: slowed down when others wait, stopped when necessary."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from argosy.render.workers.process import WorkerProcess

SLOW_PRIORITY: Final = 15
"""Of 19: only uses the processor time that others leave."""


class Loan:
    """Controlled from the event loop; the worker exists once the job's thread has one."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._worker: WorkerProcess | None = None
        self._is_slow = self._is_stopped = False

    def begin(self, worker: WorkerProcess) -> None:
        self._worker = worker
        if self._is_stopped:
            self.stop()
        elif self._is_slow:
            self.slow_down()

    def slow_down(self) -> None:
        """A worker that was slowed once is not reused (`is_slow`): without root the priority cannot be raised again."""
        self._is_slow = True
        if self._worker is not None:
            for which in (os.PRIO_PGRP, os.PRIO_PROCESS):
                with suppress(OSError):
                    os.setpriority(which, self._worker.pid, SLOW_PRIORITY)

    def stop(self) -> None:
        self._is_stopped = True
        if self._worker is not None:
            self._worker.kill("was stopped because it was slow, and others waited for its place")

    @property
    def is_slow(self) -> bool:
        return self._is_slow
