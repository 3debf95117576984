"""`python -m bench.hostile [COUNT] [--hostile N]`: N hostile Applications of each kind next to COUNT good ones.

The kinds: a Jsonnet of exponential cost, a repository that accepts and never answers, 60,000 objects in one file, and
one that fails for ever. Figures: how soon a commit to a good Application is live meanwhile, how soon drift is healed,
the memory of the process, and the longest turn of its loop.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from argosy.cli.process import embedded
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from bench.applications import CONFIG_MAPS, Stage, commit, free_port, git, resident_mb, say
from bench.many_applications import application
from bench.turns import Turns

PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
EXPONENTIAL = "local f(n) = if n < 2 then n else f(n - 1) + f(n - 2); [{a: f(60 + %d)}]\n"
CROWD = 60_000
COMMITS = 20


def config_map(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: {value!r}}}\n"


def make_repositories(root: Path, count: int, hostile: int) -> None:
    for number in range(count):
        folder = root / "good" / "apps" / f"app-{number}"
        folder.mkdir(parents=True)
        (folder / "all.yaml").write_text(config_map(f"app-{number}", "0"))
    crowd = "---\n".join(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n" for n in range(CROWD))
    for number in range(hostile):
        for kind, name, text in (
            ("slow", "all.jsonnet", EXPONENTIAL % number),
            ("crowd", "all.yaml", crowd),
            ("failing", "all.yaml", "apiVersion: v1\nkind: X\nmetadata: {\n"),
        ):
            folder = root / "hostile" / kind / str(number)
            folder.mkdir(parents=True)
            (folder / name).write_text(text)
    for name in ("good", "hostile"):
        git(root / name, "init", "-q", "-b", "main")
        commit(root / name, "begin")


def hostile_application(kind: str, number: int, url: str, project: str) -> JsonObject:
    made = application(Path(url), number)
    made["metadata"]["name"] = f"{kind}-{number}"
    made["spec"] |= {"project": project}
    made["spec"]["source"] |= {"repoURL": url, "path": f"{kind}/{number}"}
    return made


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """A port that accepts and never answers."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def measure(stage: Stage, root: Path, hostile: int, port: int, project: str, turns: Turns) -> None:
    count = stage.count
    for number in range(count):
        await stage.client.write(requests.create(APPLICATIONS, application(stage.repository, number)))
    await stage.until(stage.is_synced, 600.0)
    say("resident memory before", f"{resident_mb():.0f} MB")
    if project != "default":
        spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
        made = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "spec": spec}
        await stage.client.write(
            requests.create(PROJECTS, {**made, "metadata": {"name": project, "namespace": "argocd"}})
        )
    with turns.during("with hostile ones"):
        for number in range(hostile):
            urls = dict.fromkeys(("slow", "crowd", "failing"), str(root / "hostile"))
            urls["silent"] = f"http://127.0.0.1:{port}/{number}.git"
            for kind, url in urls.items():
                await stage.client.write(requests.create(APPLICATIONS, hostile_application(kind, number, url, project)))
        await stage.clock.sleep(5.0)
        live, healed = [], []
        for number in range(COMMITS):
            live.append(await until_live(stage, number, str(number + 1)))
            healed.append(await until_healed(stage, number + COMMITS))
        most = resident_mb()
    say("a commit to a good one is live after, median", f"{sorted(live)[len(live) // 2]:.2f} s")
    say("  p95", f"{sorted(live)[int(len(live) * 0.95)]:.2f} s", "< 2 s")
    say("drift of a good one is healed after, at most", f"{max(healed):.2f} s", "< 5 s")
    say("resident memory of the process", f"{most:.0f} MB", "< 600 MB")
    say("  of its workers", f"{workers_mb(stage):.0f} MB")
    if sorted(live)[int(len(live) * 0.95)] >= 2.0 or max(healed) >= 5.0 or most >= 600:
        turns.too_long.append("a figure of hostile Applications is not reached")


async def until_live(stage: Stage, number: int, value: str) -> float:
    file = stage.repository / "apps" / f"app-{number}" / "all.yaml"
    file.write_text(config_map(f"app-{number}", value))
    commit(stage.repository, f"change {number}")
    began = time.perf_counter()
    patch = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
    await stage.client.write(requests.patch(APPLICATIONS, Key("argocd", f"app-{number}"), patch, PatchType.MERGE))
    return await holds(stage, f"app-{number}", value, began)


async def until_healed(stage: Stage, number: int) -> float:
    drift = {"data": {"value": "drift"}}
    await stage.client.write(requests.patch(CONFIG_MAPS, Key("default", f"app-{number}"), drift, PatchType.MERGE))
    return await holds(stage, f"app-{number}", "0", time.perf_counter())


async def holds(stage: Stage, name: str, value: str, began: float) -> float:
    while (await stage.client.get(requests.Get(CONFIG_MAPS, Key("default", name))))["data"]["value"] != value:
        await stage.clock.sleep(0.01)
        if time.perf_counter() - began > 120:
            break
    return time.perf_counter() - began


def workers_mb(stage: Stage) -> float:
    pages = 0
    for worker in stage.plane.renderer.processes:
        try:
            pages += int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * 4096 / 1e6


async def run(count: int, hostile: int, project: str, turns: Turns) -> None:
    clock, rng = RealClock(), SystemRng()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_repositories(root, count, hostile)
        async with (
            silence() as port,
            embedded(root / "data", "127.0.0.1", free_port(), clock, rng) as process,
        ):
            await process.wait_ready(clock)
            process.warm_up()
            await measure(Stage(process, clock, root / "good", count), root, hostile, port, project, turns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=300)
    parser.add_argument("--hostile", type=int, default=10, help="of each kind")
    parser.add_argument("--project", default="hostile", help="of the hostile ones; the good ones are in default")
    given = parser.parse_args()
    turns = Turns()
    turns.run(run(given.count, given.hostile, given.project, turns))


if __name__ == "__main__":
    main()
