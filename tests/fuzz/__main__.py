"""`python -m tests.fuzz`: each target for a minute, or some of them for as long as one likes."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from tests.fuzz.running import for_seconds
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each target")
    parser.add_argument("--target", default="", help=f"one of {', '.join(TARGETS)}; all by default")
    options = parser.parse_args()
    if options.target and options.target not in TARGETS:
        parser.error(f"there is no target {options.target!r}; there are {', '.join(TARGETS)}")
    failed = 0
    for name in [options.target] if options.target else TARGETS:
        began = time.perf_counter()
        try:
            count = for_seconds(TARGETS[name], options.seconds)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            traceback.print_exc()
            print(f"{name}: failed after {time.perf_counter() - began:.0f} s", flush=True)
            failed += 1
        else:
            print(f"{name}: {count} inputs in {time.perf_counter() - began:.0f} s, nothing unexpected", flush=True)
    print(f"{failed} of {1 if options.target else len(TARGETS)} targets failed" if failed else "all passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
