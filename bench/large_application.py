"""`python -m bench.large_application [COUNT]`: one Application of many objects: size, refresh, turns of the loop.

With 3,000 objects its size; with 10,000, which is the limit of one source, how long everything else has to wait for it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import orjson

from argosy.cli.process import embedded
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery import requests
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from bench.applications import Stage, commit, cpu, free_port, git, resident_mb, say
from bench.many_applications import application, config_map
from bench.turns import Turns

LIMIT = 1_572_864
"""Bytes of a request that etcd takes unless it is told otherwise."""


def make_repository(root: Path, count: int) -> None:
    folder = root / "apps" / "app-0"
    folder.mkdir(parents=True)
    for number in range(0, count, 100):
        names = [f"a-rather-long-name-of-an-object-{n}" for n in range(number, min(number + 100, count))]
        (folder / f"{number}.yaml").write_text("---\n".join(map(config_map, names)))
    git(root, "init", "-q", "-b", "main")
    commit(root, "begin")


async def measure(stage: Stage, count: int, turns: Turns) -> None:
    with turns.during("first sync"):
        began = time.perf_counter()
        await stage.client.write(requests.create(APPLICATIONS, application(stage.repository, 0)))
        await stage.until(stage.is_synced, 600.0)
        say(f"first sync of {count} objects", f"{time.perf_counter() - began:.1f} s")
        await stage.clock.sleep(3.0)
    app = stage.app(0)
    say("the Application as stored", f"{len(orjson.dumps(app)) / 1e3:.0f} kB", f"< {LIMIT / 1e3:.0f} kB")
    say("  of it status.resources", f"{len(orjson.dumps(app['status']['resources'])) / 1e3:.0f} kB")
    say("  of it the last sync", f"{len(orjson.dumps(app['status']['operationState'])) / 1e3:.0f} kB")
    renders, used = stage.plane.renderer.counters.renders, cpu()
    with turns.during("refresh"):
        began = time.perf_counter()
        await stage.refresh_all()
        await stage.until(stage.is_refreshed)
        say("refresh, nothing changed", f"{time.perf_counter() - began:.2f} s", "< 2 s")
    say("  CPU time", f"{cpu() - used:.2f} s")
    say("  renders", f"{stage.plane.renderer.counters.renders - renders}", "0")
    touched = stage.repository / "apps" / "app-0" / "0.yaml"
    touched.write_text(touched.read_text().replace("key-0", "key-zero"))
    commit(stage.repository, "a hundred objects")
    with turns.during("a commit of 100 objects"):
        began = time.perf_counter()
        await stage.refresh_all()
        await stage.until(stage.is_refreshed)
        await stage.until(stage.is_synced, 600.0)
        say("a commit of 100 objects, synced", f"{time.perf_counter() - began:.1f} s")
    say("resident memory of the process", f"{resident_mb():.0f} MB")


async def run(count: int, turns: Turns) -> None:
    clock, rng = RealClock(), SystemRng()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_repository(root / "repository", count)
        async with embedded(root / "data", "127.0.0.1", free_port(), clock, rng) as process:
            await process.wait_ready(clock)
            process.warm_up()
            await clock.sleep(3.0)
            await measure(Stage(process, clock, root / "repository", 1), count, turns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=3000)
    turns = Turns()
    turns.run(run(parser.parse_args().count, turns))


if __name__ == "__main__":
    main()
