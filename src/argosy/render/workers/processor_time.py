"""Limits the processor time of one job: beyond it the kernel kills the worker, whatever it is doing."""

from __future__ import annotations

import resource
from typing import Final

CPU_SECONDS_PER_JOB: Final = 90


def allow_cpu(seconds: int = CPU_SECONDS_PER_JOB) -> None:
    """From now on this process may use `seconds` more; then the system kills it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = int(used.ru_utime + used.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, hard))
