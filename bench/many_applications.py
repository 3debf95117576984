"""`python -m bench.many_applications [COUNT] [--profile FILE]`: 1,000 Applications of 10 objects with nothing to do.

One process on the embedded server, one repository, a folder of 10 ConfigMaps for each Application. Figures: what a
commit costs that touches none of them, what a minute of steady state costs, and a comparison when nothing changed.
"""

from __future__ import annotations

import argparse
import cProfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from argosy.cli.process import embedded
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from bench.applications import Stage, commit, cpu, free_port, git, resident_mb, say
from bench.turns import Turns

OBJECTS = 10


def config_map(name: str) -> str:
    data = "".join(f"  key-{n}: {name} {'x' * 40}\n" for n in range(6))
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{tier: bench}}}}\ndata:\n{data}"


def make_repository(root: Path, count: int) -> None:
    for number in range(count):
        folder = root / "apps" / f"app-{number}"
        folder.mkdir(parents=True)
        (folder / "all.yaml").write_text("---\n".join(config_map(f"app-{number}-{n}") for n in range(OBJECTS)))
    git(root, "init", "-q", "-b", "main")
    commit(root, "begin")


def application(root: Path, number: int) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": f"app-{number}", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": str(root), "targetRevision": "main", "path": f"apps/app-{number}"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }


class Counts:
    """What happened since `before`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.began, self._before = time.perf_counter(), self._now()

    def _now(self) -> dict[str, float]:
        gitops = self._stage.plane.gitops
        return {
            "renders": self._stage.plane.renderer.counters.renders,
            "writes": self._stage.cluster.store.revision,
            "looks": gitops.passes.count,
            "comparisons": sum(memory.comparer.computed for memory in gitops.context.memory.values()),
            "cpu": cpu(),
        }

    def since(self) -> dict[str, float]:
        return {name: value - self._before[name] for name, value in self._now().items()}


def show(counts: dict[str, float]) -> None:
    for name, goal in (("renders", "0"), ("writes", "0"), ("comparisons", "0"), ("looks", "")):
        say(f"  {name}", f"{counts[name]:.0f}", goal)
    say("  CPU time", f"{counts['cpu']:.3f} s")


async def poll(stage: Stage, seconds: float = 5.0) -> dict[str, float]:
    """What one look for commits costs, with all that comes of it."""
    counts = Counts(stage)
    await stage.plane.gitops.look_for_commits()
    await stage.clock.sleep(seconds)
    while not stage.plane.gitops.is_idle:
        await stage.clock.sleep(0.1)
    return counts.since()


async def measure(stage: Stage, minute: float, profiled: Callable[[], None], turns: Turns) -> None:
    count = stage.count
    counts = Counts(stage)
    with turns.during("first sync"):
        for number in range(count):
            await stage.client.write(requests.create(APPLICATIONS, application(stage.repository, number)))
        await stage.until(stage.is_synced, 600.0)
    found = counts.since()
    say(f"first sync of {count} applications of {OBJECTS}", f"{time.perf_counter() - counts.began:.1f} s")
    say("  CPU time of this process", f"{found['cpu']:.1f} s", "")
    say("  applications per CPU-second", f"{count / found['cpu']:.1f}", ">= 25 (of 4 objects)")
    await stage.clock.sleep(5.0)
    say("resident memory of the process", f"{resident_mb():.0f} MB")

    profiled()
    await poll(stage)
    found = await poll(stage)
    say("a look for commits that finds none", "")
    show(found)
    quiet = found["cpu"]
    (stage.repository / "README.md").write_text("nothing that any application reads\n")
    commit(stage.repository, "an unrelated commit")
    with turns.during("an unrelated commit"):
        found = await poll(stage)
    say("a look for commits that finds one that touches no application", "")
    show(found)
    say("  CPU time for each application", f"{(found['cpu'] - quiet) / count * 1e6:.0f} us")

    before = Counts(stage)
    with turns.during("refresh of all"):
        await stage.refresh_all()
        await stage.until(stage.is_refreshed)
    found = before.since()
    say("refresh of all, nothing changed", f"{time.perf_counter() - before.began:.2f} s")
    say("  comparisons computed", f"{found['comparisons']:.0f}", f"0 of {count * OBJECTS}")
    say("  renders", f"{found['renders']:.0f}", "0")
    say("  writes beyond setting and taking the annotation", f"{found['writes'] - 2 * count:.0f}", "0")
    say("  CPU time for each application", f"{found['cpu'] / count * 1e6:.0f} us")

    await stage.clock.sleep(5.0)
    counts = Counts(stage)
    await stage.clock.sleep(minute)
    found = counts.since()
    say(f"steady state: writes in {minute:.0f} s", f"{found['writes']:.0f}", "0")
    say("steady state: share of a core", f"{found['cpu'] / minute * 100:.2f} %", "< 3 %")
    say("resident memory of the process at the end", f"{resident_mb():.0f} MB")


async def run(count: int, minute: float, turns: Turns, profile: str = "") -> None:
    clock, rng = RealClock(), SystemRng()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_repository(root / "repository", count)
        async with embedded(root / "data", "127.0.0.1", free_port(), clock, rng) as process:
            await process.wait_ready(clock)
            process.warm_up()
            await clock.sleep(3.0)
            profiler = cProfile.Profile()
            stage = Stage(process, clock, root / "repository", count)
            await measure(stage, minute, profiler.enable if profile else lambda: None, turns)
            if profile:
                profiler.disable()
                profiler.dump_stats(profile)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--minute", type=float, default=60.0, help="seconds of steady state")
    parser.add_argument("--profile", default="", metavar="FILE", help="write cProfile statistics from the commit on")
    arguments = parser.parse_args()
    turns = Turns()
    turns.run(run(arguments.count, arguments.minute, turns, arguments.profile))


if __name__ == "__main__":
    main()
