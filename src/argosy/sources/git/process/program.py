"""Runs git in a sandbox: argument vectors, our own environment, bounded output, a time limit, no network except its
egress, and all its child processes are stopped with it. Blocking; run in a thread.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argosy.confinement.box import Box
from argosy.confinement.interpreter import NAMES, program_reads
from argosy.confinement.remote import Process
from argosy.confinement.start import Running, start
from argosy.sources.gateway import Gateway

OUTPUT_LIMIT: Final = 128 * 1024 * 1024
ERROR_LIMIT: Final = 64 * 1024
TASKS: Final = 256
"""Processes and threads of one git: it packs with a thread per core."""

OPEN_FILES: Final = 4096
TOO_LARGE: Final = "File too large"
"""git's message at the end of a file that may not grow."""


class TimedOut(Exception):
    """The program was killed at its time limit."""


class TooMuchOutput(Exception):
    """The program was killed because it printed more than OUTPUT_LIMIT bytes."""


@dataclass(frozen=True, slots=True)
class Finished:
    status: int
    output: str
    errors: str


def run_git(
    arguments: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    seconds: float,
    file_bytes: int = 0,
    stdin: bytes = b"",
    reads: Sequence[Path] = (),
    writes: Sequence[Path] = (),
    gateway: Gateway | None = None,
) -> Finished:
    """`git <arguments>` in `directory`. Raises TimedOut or TooMuchOutput; a non-zero status is returned.

    It can access its directory, `reads` and `writes`. `file_bytes`: the maximum size of any file it writes, especially
    of a fetched pack; 0 means no limit. `gateway`: its egress, if it has one.
    """
    box = Box(
        reads=(*program_reads("git"), *NAMES, *map(str, reads), *_on_path(environment)),
        writes=(str(directory), *map(str, writes)),
        own_user=False,
        unix_sockets=True,
        tasks=TASKS,
        open_files=OPEN_FILES,
        file_bytes=file_bytes,
        ignored=(signal.SIGXFSZ,),
    )
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        output = b""
        late = threading.Event()
        running = start(
            box,
            command=["git", *arguments],
            directory=str(directory),
            environment=environment,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=errors,
            gate=gateway.serve if gateway else None,
        )
        timer = threading.Timer(seconds, _stop, (running, late))
        timer.start()
        try:
            output = _read(running.process)
        finally:
            timer.cancel()
            running.kill()
            running.process.wait()
            if gateway:
                gateway.close()
        if late.is_set():
            raise TimedOut(f"git did not finish within {seconds:g} seconds")
        size = errors.seek(0, os.SEEK_END)
        errors.seek(max(0, size - ERROR_LIMIT))
        return Finished(
            running.process.returncode, output.decode("utf-8", "replace"), errors.read().decode("utf-8", "replace")
        )


def _on_path(environment: Mapping[str, str]) -> list[str]:
    """Where git and its helpers are installed, if not in a system directory."""
    found = [shutil.which(name, path=environment.get("PATH")) for name in ("git", "ssh", "gpg")]
    return [str(Path(path).parent) for path in found if path and not path.startswith(("/usr/", "/bin/"))]


def _read(process: Process) -> bytes:
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read(OUTPUT_LIMIT + 1)
    if len(output) > OUTPUT_LIMIT:
        raise TooMuchOutput(f"git printed more than {OUTPUT_LIMIT} bytes")
    process.wait()
    return output


def _stop(running: Running, late: threading.Event) -> None:
    late.set()
    running.kill()
