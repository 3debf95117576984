"""The sandboxes of the workers: what each kind may read and use, beyond its pipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from argosy.confinement import layers
from argosy.confinement.box import MEBIBYTE, Box
from argosy.confinement.interpreter import program_reads, python_reads
from argosy.machinery import quantity

RENDERER_BYTES: Final = 1024 * MEBIBYTE
"""Somewhat above the watched limit (process.py), which gives a better reason why a rendering was stopped."""
SCRATCH_BYTES: Final = 512 * MEBIBYTE
"""For a render worker: a chart with its dependencies, unpacked."""

PATHS: Final = "ARGOSY_PLUGIN_PATHS"
MEMORY: Final = "ARGOSY_PLUGIN_MEMORY"
DISK: Final = "ARGOSY_PLUGIN_DISK"
PROCESSES: Final = "ARGOSY_PLUGIN_PROCESSES"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginLimits:
    """For all processes of one plug-in together."""

    memory_bytes: int = 768 * MEBIBYTE
    disk_bytes: int = 320 * MEBIBYTE
    """Including the copy of the repository."""
    tasks: int = 128
    paths: tuple[str, ...] = ()
    """What the operator lets plug-ins read besides the system's programs: their install directories."""


def plugin_limits(environment: Mapping[str, str]) -> PluginLimits:
    """An invalid value counts as absent."""
    plain = PluginLimits()
    processes = environment.get(PROCESSES, "").strip()
    return PluginLimits(
        memory_bytes=_bytes(environment.get(MEMORY, "")) or plain.memory_bytes,
        disk_bytes=_bytes(environment.get(DISK, "")) or plain.disk_bytes,
        tasks=int(processes) if processes.isdecimal() and int(processes) else plain.tasks,
        paths=tuple(path for path in environment.get(PATHS, "").split(os.pathsep) if path.startswith("/")),
    )


def for_rendering(scratch: str) -> Box:
    """Helm is a Go runtime with its threads; no programs are run."""
    return Box(reads=python_reads(), scratch={scratch: SCRATCH_BYTES}, tasks=64, memory_bytes=RENDERER_BYTES)


def for_expressions(scratch: str) -> Box:
    """Lua and jq: they write nothing, and start nothing."""
    return Box(reads=python_reads(), scratch={scratch: MEBIBYTE}, tasks=16)


def for_plugins(scratch: str) -> Box:
    limits = plugin_limits(os.environ)
    return Box(
        reads=(*python_reads(), *program_reads(), *limits.paths),
        scratch={scratch: limits.disk_bytes},
        programs=True,
        proc=True,
        tasks=limits.tasks,
        data_bytes=limits.memory_bytes,
        memory_bytes=limits.memory_bytes,
        needs=layers.FOR_PLUGINS,
    )


def _bytes(text: str) -> int:
    try:
        return max(0, quantity.whole_units(text.strip())) if text.strip() else 0
    except quantity.QuantityError:
        return 0
