"""Rehearsals: how long a delivery of hours takes, and what each further Application costs.

`python -m bench.rehearse [COUNT]`. Real git and rendering; times are of the processor, and of this process alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from argosy.rehearse.changes import Change, NewImage, Push
from argosy.rehearse.report import Report
from bench.promotion import tell
from tests.kit.rehearsal import (
    IMAGE,
    URL,
    application,
    commit,
    git,
    overlay,
    project,
    rehearsed,
    repository,
    stage,
    workload,
    write,
)

COUNT = 100
SOAK = "12h"


def pipeline(root: Path) -> None:
    names = ("dev", "staging", "prod")
    checkout = repository(root / "pipeline", {f"{n}/{path}": file for n in names for path, file in overlay().items()})
    objects = [
        *project(*names),
        *(application(name, name) for name in names),
        *(stage(name, before, soak=SOAK if before else "") for before, name in zip(("", *names), names, strict=False)),
    ]
    seconds, report = _timed(checkout, objects, [NewImage(IMAGE, "1.1.0")])
    tell(f"an image through three Stages, two soak times of {SOAK}", f"{seconds:.2f} s", "a few seconds")
    tell("  virtual seconds for each of the processor", f"{report.took.total_seconds() / seconds:,.0f}", "no target")


def applications(root: Path, count: int) -> None:
    """One of them changes; all of them settle first."""
    costs = {}
    for number in (count // 10, count):
        checkout = repository(root / f"shop-{number}", {f"a{n}/w.yaml": workload() for n in range(number)})
        git(checkout, "switch", "--quiet", "--create", "feature")
        write(checkout, "a1/w.yaml", workload(replicas=3))
        commit(checkout, "more replicas")
        objects = [application(f"a{n}", f"a{n}") for n in range(number)]
        costs[number], report = _timed(checkout, objects, [Push(URL, "main", "feature")])
        tell(f"a commit, {number} Applications", f"{costs[number]:.2f} s", "no target")
        assert [one.name for one in report.differences] == ["a1"], "one environment differs"
    each = (costs[count] - costs[count // 10]) / (count - count // 10)
    tell("  each further Application", f"{each * 1000:.0f} ms", "below 150 ms")


def _timed(checkout: Path, objects: list[dict[str, object]], changes: list[Change]) -> tuple[float, Report]:
    began = time.process_time()
    report = rehearsed(checkout, objects, changes)
    assert report.outcome == "delivered", report.reason
    return time.process_time() - began, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pipeline(Path(folder))
        applications(Path(folder), options.count)


if __name__ == "__main__":
    main()
