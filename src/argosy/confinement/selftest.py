"""Tests sandboxes on this machine: a sandboxed program attempts every violation, and its report is checked."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from argosy.confinement import layers, tree
from argosy.confinement.box import Box
from argosy.confinement.interpreter import program_reads, python_reads
from argosy.confinement.start import start

TASKS: Final = 24
DISK: Final = 1024 * 1024
SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    held: frozenset[str] = frozenset()
    kept: Mapping[str, bool] = field(default_factory=dict)
    """Guarantee -> whether the attempt failed; `ends` is that nothing outlives the sandbox."""
    start_ms: float = 0.0
    problem: str = ""
    """Why the test itself could not run."""

    @property
    def runs_plugins(self) -> bool:
        return not self.problem and all(self.kept.get(name, False) for name in layers.FOR_PLUGINS)


def tried(without: tuple[str, ...] = ()) -> Findings:
    """`without`: layers to leave out. Takes about a second."""
    with tempfile.TemporaryDirectory(prefix="argosy-doctor-") as name, contextlib.ExitStack() as opened:
        directory = Path(name)
        directory.chmod(0o711)
        scratch, canary = directory / "scratch", directory / "canary"
        scratch.mkdir(mode=0o700)
        canary.write_text("canary")
        canary.chmod(0o644)
        abstract, inet = (opened.enter_context(socket.socket(one)) for one in (socket.AF_UNIX, socket.AF_INET))
        mark = f"argosy-doctor-{secrets.token_hex(8)}"
        abstract.bind(f"\0{mark}")
        inet.bind(("127.0.0.1", 0))
        for each in (abstract, inet):
            each.listen()
        asked = {
            "canary": str(canary), "directory": str(directory), "socket": mark, "port": inet.getsockname()[1],
            "victim": os.getpid(), "tasks": TASKS + 8, "scratch": str(scratch), "disk": DISK,
        }  # fmt: skip
        try:
            return _answered(asked, scratch, without)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return Findings(problem=str(error))


def _answered(asked: Mapping[str, object], scratch: Path, without: tuple[str, ...]) -> Findings:
    box = Box(
        reads=(*python_reads(), *program_reads()),
        scratch={str(scratch): DISK},
        programs=True,
        proc=True,
        tasks=TASKS,
        without=without,
    )
    began = time.perf_counter()
    running = start(
        box,
        module="argosy.confinement.probe",
        directory=str(scratch),
        environment={"PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sys.stderr if os.environ.get("ARGOSY_DEBUG") else subprocess.DEVNULL,  # type: ignore[arg-type]
    )
    took = (time.perf_counter() - began) * 1000
    try:
        said, _ = running.process.communicate(json.dumps(asked).encode(), timeout=SECONDS)
    finally:
        running.kill()
        running.process.wait()
    kept: dict[str, bool] = json.loads(said)
    kept["ends"] = _nothing_left(str(scratch))
    return Findings(held=running.held, kept=kept, start_ms=took)


def _nothing_left(scratch: str) -> bool:
    """Whether no process has its working directory there any more."""
    for _ in range(50):
        if not any(_is_in(pid, scratch) for pid in tree.every()):
            return True
        time.sleep(0.02)  # noqa: TID251  (the kernel's own time, in a command)
    return False


def _is_in(pid: int, directory: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/cwd").startswith(directory)
    except OSError:
        return False
