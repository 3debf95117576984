"""One ApplicationSet of 1,000 Applications: what a poll costs when nothing changed, and when one file did.

Run: python bench/applicationsets.py. In virtual time on the embedded cluster; figures are real seconds of one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.kit.applicationsets import REPO, Bench, appset, make_bench

MANY = 1000
FILES = {f"envs/a{number:04}.yaml": f"{{name: a{number:04}, env: dev}}" for number in range(MANY)}
IN_FILES = {"git": {"repoURL": REPO, "revision": "HEAD", "files": [{"path": "envs/*"}]}}
GO = {"goTemplate": True, "goTemplateOptions": ["missingkey=error"]}


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def grown(bench: Bench) -> None:
    bench.git.push(REPO, FILES)
    made = appset([IN_FILES], name="{{.name}}", **GO)
    made["spec"]["template"]["metadata"]["labels"] = {"env": "{{.env}}"}
    bench.create(made)
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == MANY)
    bench.world.pass_time(5)


def main() -> None:
    with make_bench() as bench:
        print(f"{MANY} applications created: {seconds(lambda: grown(bench)):.2f} s")
        polls = bench.generators.count
        idle = seconds(lambda: bench.world.pass_time(1800))
        each = idle / (bench.generators.count - polls)
        print(f"a poll with nothing new: {each * 1000:.0f} ms, {each / 180:.2%} of a core")
        bench.git.push(REPO, {**FILES, "envs/a0007.yaml": "{name: a0007, env: prod}"})
        print(f"a poll with one new file: {seconds(lambda: bench.world.pass_time(181)) * 1000:.0f} ms")
        assert bench.app("a0007")["metadata"]["labels"] == {"env": "prod"}


if __name__ == "__main__":
    main()
