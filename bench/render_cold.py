"""`argosy render` of a small kustomization and a small chart, each time in a new process, as scripts and hooks call it.

Wall and processor time, the median of some runs; and the ratio to a Python that does nothing, which does not depend on
the machine.

    python bench/render_cold.py [runs]
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.render import OBJECTS, application, write

Figures = tuple[float, float]
"""Milliseconds of wall time and of processor time."""


def measured(command: Sequence[str | Path], runs: int) -> Figures:
    walls, processors = [], []
    for _ in range(runs):
        began, before = time.perf_counter(), _used()
        subprocess.run(command, check=True, capture_output=True)
        walls.append((time.perf_counter() - began) * 1000)
        processors.append((_used() - before) * 1000)
    return statistics.median(walls), statistics.median(processors)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        base = {"base/kustomization.yaml": "resources: [all.yaml]\n", "base/all.yaml": OBJECTS % {"name": "web"}}
        write(root, base | application("kustomize", 0) | application("helm", 0))
        argosy = [sys.executable, "-m", "argosy.cli.main", "render"]
        nothing = measured([sys.executable, "-c", "pass"], runs)
        print(f"a Python that does nothing: {nothing[0]:.0f} ms, {nothing[1]:.0f} ms of processor")
        for kind, target in (("kustomize", "250 ms"), ("helm", "")):
            wall, processor = measured([*argosy, root / kind / "0", "--root", root], runs)
            wanted = f" (target: below {target})" if target else ""
            print(f"{kind}: {wall:.0f} ms{wanted}, {processor:.0f} ms of processor, x{processor / nothing[1]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
