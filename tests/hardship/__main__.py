"""`python -m tests.hardship --room gitops --story hooks --seed 17`; without a seed, many; without a room, all."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import time
from collections import Counter

from tests.hardship.rooms import ROOMS
from tests.kit.hardship import Failure, Story, endure


def main() -> int:
    parser = argparse.ArgumentParser(prog="make hardship", description=__doc__)
    parser.add_argument("--room", default="", help=f"one of {', '.join(ROOMS)}")
    parser.add_argument("--story", default="")
    parser.add_argument("--seed", default="")
    parser.add_argument("--seeds", type=int, default=1000, help="of each story")
    options = parser.parse_args()
    if options.room and options.room not in ROOMS:
        parser.error(f"no room {options.room!r}: {', '.join(ROOMS)}")
    logging.disable(logging.CRITICAL)
    gc.set_threshold(20_000, 10, 50)
    seeds = [int(options.seed)] if options.seed else list(range(options.seeds))
    failed = 0
    for room, stories in ROOMS.items():
        for kind in stories:
            if options.room in ("", room) and options.story in ("", kind.name):
                failed += _tell(room, kind, seeds)
    return 1 if failed else 0


def _tell(room: str, kind: type[Story], seeds: list[int]) -> int:
    faults: Counter[str] = Counter()
    failures: list[str] = []
    began = time.perf_counter()
    for seed in seeds:
        try:
            faults += endure(room, kind, seed).faults
        except Failure as failure:
            failures.append(str(failure))
            print(failure, flush=True)
    took = time.perf_counter() - began
    passed = len(seeds) - len(failures)
    told = ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
    print(f"{room} {kind.name}: {passed} passed, {len(failures)} failed in {took:.1f} s ({told})", flush=True)
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
