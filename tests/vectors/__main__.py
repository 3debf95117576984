"""`python -m tests.vectors DATA`: replays every recorded vector against this tree, family by family.

DATA may hold any of the families. A line for each family, for each failure, and for what cannot be replayed; the last
line is `N passed, N failed`. Exits 1 when anything failed, or nothing passed. Families are replayed side by side, in as
many processes as there are cores and one more, since some wait for real programs (`--processes N` says otherwise), and
told in the order of the list.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from .families import FAMILIES, Family
from .outcome import Outcome, not_run
from .replaying import replayed


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vectors", description="Replay recorded vectors.")
    parser.add_argument("data", type=Path, help="a directory that holds kubernetes/ and its like")
    parser.add_argument("--processes", type=int, default=(os.cpu_count() or 1) + 1)
    options = parser.parse_args(arguments)
    data: Path = options.data
    if not data.is_dir():
        parser.error(f"{data} is not a directory")
    outcomes: list[Outcome] = []
    for family, found in side_by_side(
        [one for one in FAMILIES if (data / one.place).exists()], data, options.processes
    ):
        report(family.place, found)
        outcomes += found
    for folder in unknown(data):
        print(f"{folder}: nothing here replays it")
    counted = Counter("not run" if outcome.not_run else outcome.passed for outcome in outcomes)
    if counted["not run"]:
        print(f"{counted['not run']} could not be run")
    print(f"{counted[True]} passed, {counted[False]} failed")
    return 1 if counted[False] or not counted[True] else 0


def side_by_side(families: Sequence[Family], data: Path, processes: int) -> Iterator[tuple[Family, list[Outcome]]]:
    """Each family with what came of it, in order; the slow ones begin first. A process that dies costs its family."""
    if processes < 2 or len(families) < 2:
        yield from ((family, replayed(family, data)) for family in families)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        begun: dict[Family, Future[list[Outcome]]] = {}
        for family in sorted(families, key=lambda one: -one.seconds):
            begun[family] = pool.submit(replayed, family, data)
        for family in families:
            try:
                yield family, begun[family].result()
            except BrokenProcessPool:
                yield family, alone(family, data)


def alone(family: Family, data: Path) -> list[Outcome]:
    """Once more, in its own process: which of several brought theirs down cannot be known."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(replayed, family, data).result()
        except BrokenProcessPool:
            return [not_run(family.place, "", "cannot be run: its process died")]


def unknown(data: Path) -> list[str]:
    """The folders and files with vectors, two levels deep, that no family is replayed from."""
    known = [family.place for family in FAMILIES]
    found = (path.relative_to(data).as_posix() for path in sorted(data.glob("*/*")) if path.suffix != ".md")
    return [
        name
        for name in found
        if not any(f"{name}/".startswith(f"{one}/") or f"{one}/".startswith(f"{name}/") for one in known)
    ]


def report(place: str, outcomes: Sequence[Outcome]) -> None:
    left = [outcome for outcome in outcomes if outcome.not_run]
    failures = [outcome for outcome in outcomes if not outcome.passed and not outcome.not_run]
    said = f", {len(left)} not run" if left else ""
    print(f"{place}: {len(outcomes) - len(failures) - len(left)} passed, {len(failures)} failed{said}", flush=True)
    for outcome in failures:
        print(f"  FAILED {outcome.family} {outcome.name}: {outcome.detail}")
    for outcome in left:
        print(f"  NOT RUN {outcome.family} {outcome.name}: {outcome.detail}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
