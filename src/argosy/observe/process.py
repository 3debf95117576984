"""The process itself: processor time, memory, files, tasks, garbage collection.

Upstream's dashboards use Go's names: they get the closest equivalent, tasks for goroutines, and Python's collector.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from argosy.observe.metrics import REGISTRY, Registry


class Collections:
    """How often and how long the garbage collector ran; `on_collection` is one of `gc.callbacks`."""

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0
        self._began = 0.0

    def on_collection(self, phase: str, info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.count += 1
            self.seconds += now - self._began


def register_process(version: str, now: float, registry: Registry = REGISTRY) -> None:
    """Once for each process; `now` in seconds since 1970."""
    collections = Collections()
    gc.callbacks.append(collections.on_collection)
    started = now - _age()

    def single(name: str, text: str, number: Callable[[], float], kind: Literal["gauge", "counter"] = "gauge") -> None:
        registry.collected(name, text, (), lambda: [((), float(number()))], kind)

    single("process_cpu_seconds_total", "Processor time, user and system.", time.process_time, "counter")
    single("process_start_time_seconds", "Start of the process, in seconds since 1970.", lambda: started)
    single("process_resident_memory_bytes", "Memory in use.", resident_bytes)
    single("process_open_fds", "Open file descriptors.", _open_files)
    single("process_max_fds", "Most file descriptors that may be open.", _most_files)
    single("go_goroutines", "Tasks of the event loop.", _tasks)
    single("go_memstats_heap_alloc_bytes", "Memory in use.", resident_bytes)
    registry.summary(
        "go_gc_duration_seconds",
        "Time of collecting garbage.",
        (),
        lambda: [((), (), collections.seconds, collections.count)],
    )
    registry.gauge("argocd_info", "The version of the API server.", ("version",)).set(1, version=version)
    build = registry.gauge("build_info", "What this was built with.", ("version", "goversion", "goarch", "commit"))
    python = f"python{platform.python_version()}"
    build.set(1, version=version, goversion=python, goarch=platform.machine(), commit="")
    registry.gauge("argosy_info", "The version of Argosy.", ("version",)).set(1, version=version)


def resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def _age() -> float:
    """Seconds that this process has been running."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def _open_files() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 0


def _most_files() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0
