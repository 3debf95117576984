"""The git program: argument vectors, an environment of our own, bounded output, a time limit, and a whole process group
that is killed when it passes. Blocking; run in a thread.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OUTPUT_LIMIT: Final = 128 * 1024 * 1024
ERROR_LIMIT: Final = 64 * 1024


TOO_LARGE: Final = "File too large"
"""What git says at the end of a file that may not grow."""
LIMITED: Final = """
import os, resource, signal, sys
limit = int(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execvp(sys.argv[2], sys.argv[2:])
"""


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
) -> Finished:
    """`git <arguments>` in `directory`. Raises TimedOut or TooMuchOutput; a bad status is an answer.

    `file_bytes`: no file that git writes may become larger, a fetched pack above all; 0 is no limit.
    """
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            [*_limiter(file_bytes), "git", *arguments],
            cwd=directory,
            env=dict(environment),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        late = threading.Event()
        timer = threading.Timer(seconds, _stop, (process, late))
        timer.start()
        try:
            output = _read(process)
        finally:
            timer.cancel()
            if process.poll() is None:
                _kill(process)
            process.wait()
        if late.is_set():
            raise TimedOut(f"git did not finish within {seconds:g} seconds")
        size = errors.seek(0, os.SEEK_END)
        errors.seek(max(0, size - ERROR_LIMIT))
        return Finished(process.returncode, output.decode("utf-8", "replace"), errors.read().decode("utf-8", "replace"))


def _limiter(file_bytes: int) -> Sequence[str]:
    """A program that sets the limit and becomes git: set from here, it would come too late or be our own."""
    return [sys.executable, "-I", "-S", "-c", LIMITED, str(file_bytes)] if file_bytes else []


def _read(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read(OUTPUT_LIMIT + 1)
    if len(output) > OUTPUT_LIMIT:
        raise TooMuchOutput(f"git printed more than {OUTPUT_LIMIT} bytes")
    process.wait()
    return output


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole session: ssh and remote helpers too."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
