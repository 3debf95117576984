"""The main job at size: 300 Applications of 4 objects each from one repository, a third each plain, Kustomize, Helm.

One process on the embedded server with simulated workloads, real git, real render workers. Figures: first sync, one
commit that touches one application, a refresh of all with nothing changed, drift of one object in each, memory.
`python -m bench.applications [COUNT] [--profile FILE]`
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.cli.process import Embedded, embedded
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock, RealClock

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: "nginx:1.25", ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data: {{value: "1"}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}}}
"""


def make_repository(root: Path, count: int) -> None:
    base = root / "base"
    base.mkdir(parents=True)
    (base / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    (base / "all.yaml").write_text(MANIFESTS.format(name="web"))
    chart = root / "chart" / "templates"
    chart.mkdir(parents=True)
    (chart.parent / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    (chart / "all.yaml").write_text(
        MANIFESTS.format(name="{{ .Release.Name }}").replace('"1"', "{{ .Values.v | quote }}")
    )
    for number in range(count):
        folder = root / "apps" / f"app-{number}"
        folder.mkdir(parents=True)
        match number % 3:
            case 0:
                (folder / "all.yaml").write_text(MANIFESTS.format(name=f"app-{number}"))
            case 1:
                text = f"resources: [../../base]\nnamePrefix: app-{number}-\ncommonLabels: {{app: app-{number}}}\n"
                (folder / "kustomization.yaml").write_text(text)
            case _:
                (folder / "values.yaml").write_text("v: one\n")
    git(root, "init", "-q", "-b", "main")
    commit(root, "begin")


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


def application(root: Path, number: int) -> JsonObject:
    source: dict[str, Any] = {"repoURL": str(root), "targetRevision": "main", "path": f"apps/app-{number}"}
    if number % 3 == 2:
        source |= {"path": "chart", "helm": {"valueFiles": [f"/apps/app-{number}/values.yaml"]}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": f"app-{number}", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": source,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }


class Stage:
    """One running process, and what is measured in it."""

    def __init__(self, process: Embedded, clock: Clock, repository: Path, count: int) -> None:
        self.repository = repository
        self.count = count
        self.clock = clock
        self.cluster, self.client, self.plane = process.cluster, process.client, process.control_plane

    def app(self, number: int) -> JsonObject:
        return self.plane.gitops.plane.applications.get(Key("argocd", f"app-{number}")) or {}

    def is_synced(self, number: int) -> bool:
        app = self.app(number)
        status = app.get("status") or {}
        return (status.get("sync") or {}).get("status") == "Synced" and "operation" not in app

    def is_healthy(self, number: int) -> bool:
        return ((self.app(number).get("status") or {}).get("health") or {}).get("status") == "Healthy"

    async def until(self, holds: Callable[[int], bool], seconds: float = 180.0) -> float:
        began = time.perf_counter()
        while not all(holds(number) for number in range(self.count)):
            if time.perf_counter() - began > seconds:
                missing = [number for number in range(self.count) if not holds(number)]
                raise TimeoutError(
                    f"{len(missing)} of {self.count} not there, first {self.app(missing[0]).get('status')}"
                )
            await self.clock.sleep(0.02)
        return time.perf_counter() - began

    async def refresh_all(self) -> None:
        patch = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
        for number in range(self.count):
            await self.client.write(
                requests.patch(APPLICATIONS, Key("argocd", f"app-{number}"), patch, PatchType.MERGE)
            )

    def is_refreshed(self, number: int) -> bool:
        return "argocd.argoproj.io/refresh" not in (self.app(number)["metadata"].get("annotations") or {})


def cpu() -> float:
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def say(what: str, figure: str, goal: str = "") -> None:
    print(f"{what:<58} {figure:>16}   {goal}", flush=True)


async def measure(stage: Stage) -> None:
    count = stage.count

    def renders() -> int:
        return stage.plane.renderer.counters.renders

    began, used = time.perf_counter(), cpu()
    for number in range(count):
        await stage.client.write(requests.create(APPLICATIONS, application(stage.repository, number)))
    await stage.until(stage.is_synced)
    seconds, used = time.perf_counter() - began, cpu() - used
    say(f"first sync of {count} applications", f"{seconds:.2f} s")
    say("applications per second", f"{count / seconds:.1f}", "per core: >= 25")
    say("applications per CPU-second of this process", f"{count / used:.1f}", ">= 25 (Argo CD 2.0)")
    say("until all are healthy", f"{await stage.until(stage.is_healthy):.2f} s more")
    say("resident memory of the process", f"{resident_mb():.0f} MB", "< 400 MB")

    before, writes = renders(), stage.cluster.store.revision
    touched = stage.repository / "apps" / "app-0" / "all.yaml"
    touched.write_text(touched.read_text().replace('value: "1"', 'value: "2"'))
    commit(stage.repository, "touch one")
    began = time.perf_counter()
    await stage.refresh_all()
    while True:
        found = await stage.client.get(requests.Get(CONFIG_MAPS, Key("default", "app-0")))
        if found["data"]["value"] == "2":
            break
        await stage.clock.sleep(0.005)
    say(
        "a commit that touches one application: live after",
        f"{time.perf_counter() - began:.2f} s",
        "< 1 s (one refresh)",
    )
    await stage.until(stage.is_refreshed)
    await stage.until(stage.is_synced)
    say("  renders", f"{renders() - before}", "1")

    await stage.clock.sleep(1.0)
    before, writes = renders(), stage.cluster.store.revision
    began = time.perf_counter()
    await stage.refresh_all()
    await stage.until(stage.is_refreshed)
    say("refresh of all, nothing changed", f"{time.perf_counter() - began:.2f} s", "< 2 s")
    say("  renders", f"{renders() - before}", "0")
    say(
        "  writes beyond setting and taking the annotation", f"{stage.cluster.store.revision - writes - 2 * count}", "0"
    )

    drifted = {"data": {"value": "drift"}}
    names = [f"app-{n}-web" if n % 3 == 1 else f"app-{n}" for n in range(count)]
    began = time.perf_counter()
    for name in names:
        await stage.client.write(requests.patch(CONFIG_MAPS, Key("default", name), drifted, PatchType.MERGE))
    for name in names:
        while (await stage.client.get(requests.Get(CONFIG_MAPS, Key("default", name))))["data"]["value"] == "drift":
            await stage.clock.sleep(0.005)
    say("drift of one object in each, repaired", f"{time.perf_counter() - began:.2f} s", "< 5 s")

    await stage.until(stage.is_synced)
    await stage.clock.sleep(3.0)
    writes, used = stage.cluster.store.revision, cpu()
    await stage.clock.sleep(10.0)
    say("steady state: writes in 10 s", f"{stage.cluster.store.revision - writes}", "0")
    say("steady state: share of a core", f"{(cpu() - used) * 10:.1f} %", "< 3 %")
    say("resident memory of the process at the end", f"{resident_mb():.0f} MB", "< 400 MB")


async def run(count: int, profile: str = "") -> None:
    clock, rng = RealClock(), SystemRng()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_repository(root / "repository", count)
        async with embedded(root / "data", "127.0.0.1", free_port(), clock, rng) as process:
            await process.wait_ready(clock)
            profiler = cProfile.Profile() if profile else None
            if profiler:
                profiler.enable()
            await measure(Stage(process, clock, root / "repository", count))
            if profiler:
                profiler.disable()
                profiler.dump_stats(profile)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=300)
    parser.add_argument("--profile", default="", metavar="FILE", help="write cProfile statistics")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.count, arguments.profile))


if __name__ == "__main__":
    main()
