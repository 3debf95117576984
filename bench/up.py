"""Seconds from the command to readiness, and resident memory when idle, of `argosy up` on an empty data directory.

Run: python bench/up.py. The best of three starts counts, and the memory of the last one ten seconds later. Needs /proc.
The program is compiled, as an installation leaves it: the first start compiles what is not.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STARTS = 3
IDLE_SECONDS = 10.0


def start(directory: Path) -> tuple[subprocess.Popen[bytes], float]:
    reading, writing = os.pipe()
    began = time.perf_counter()
    command = [sys.executable, "-m", "argosy.cli.main", "up", "--data-dir", str(directory)]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [*command, "--ready-fd", str(writing)], pass_fds=(writing,), stdout=subprocess.DEVNULL, env=environ
    )
    os.close(writing)
    select.select([reading], [], [], 60)
    ready = os.read(reading, 16) == b"ready\n"
    seconds = time.perf_counter() - began
    os.close(reading)
    if not ready:
        raise SystemExit("argosy up did not become ready")
    return process, seconds


def processor(pid: int) -> float:
    """Seconds of processor time that the process has used: what counts on a busy machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    took, used = [], []
    for number in range(STARTS):
        with tempfile.TemporaryDirectory() as directory:
            process, seconds = start(Path(directory))
            took.append(seconds)
            used.append(processor(process.pid))
            if number == STARTS - 1:
                time.sleep(IDLE_SECONDS)  # noqa: TID251 a benchmark lives in real time
                print(f"resident memory, idle   {resident(process.pid):7.1f} MB")
            process.terminate()
            process.wait(30)
    print(f"  of it, processor time {min(used):7.2f} s")
    print(f"argosy up to ready      {min(took):7.2f} s  (of {STARTS}: {', '.join(f'{s:.2f}' for s in took)})")


if __name__ == "__main__":
    main()
