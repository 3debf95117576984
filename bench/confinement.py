"""`python -m bench.confinement`: what a box costs: more milliseconds to start a program, and to render when warm.

By the clock the fastest quarter counts, and the processor time of all its processes is told beside it: a machine with
other work lets each of them wait.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from argosy.confinement import tree
from argosy.confinement.box import Box
from argosy.confinement.interpreter import program_reads
from argosy.confinement.remote import STARTER
from argosy.confinement.start import start

ROUNDS = 30
MORE_MS = 20.0
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def measured(run: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, of the fastest quarter at most, and mean ones of the processor."""
    run()
    before, walls = _processor_ms(), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        walls.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(walls, n=4)[0], (_processor_ms() - before) / ROUNDS


def _processor_ms() -> float:
    """Of all that we or the starter have started so far."""
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = tree.processor_seconds([STARTER.pid]) if STARTER.pid else 0.0
    return (own.ru_utime + own.ru_stime + started) * 1000


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        scratch = Path(directory) / "scratch"
        scratch.mkdir()
        box = Box(reads=program_reads(), scratch={str(scratch): 1 << 20}, proc=True)

        def bare() -> None:
            subprocess.run(["git", "--version"], stdout=subprocess.DEVNULL, check=True)

        def boxed() -> None:
            running = start(box, command=["git", "--version"], directory=str(scratch), environment=ENVIRONMENT)
            if running.process.wait():
                raise SystemExit("git did not run in its box")

        plain, confined = measured(bare), measured(boxed)
    more, burnt = confined[0] - plain[0], confined[1] - plain[1]
    for name, (wall, used) in (("without a box", plain), ("in a box", confined)):
        print(f"git --version {name}: {wall:.1f} ms, {used:.1f} ms of the processor")
    print(f"a start costs {more:.1f} ms more, {burnt:.1f} ms of the processor; wanted below {MORE_MS:g}")
    return 0 if max(more, burnt) < MORE_MS else 1


if __name__ == "__main__":
    sys.exit(main())
