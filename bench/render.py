"""Rendering: how long each kind of source takes, and what it costs to find that nothing has changed.

300 applications, a third each plain, Kustomize and Helm, from one real Git repository through the real renderer.
Prints renderings per second of each kind; the cost of looking at all 300 again on the same commit, and on a commit that
touches one; and the ratios to a plain parse of the same manifests, which do not depend on the machine.

    python bench/render.py [applications]
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from argosy.machinery.text.yaml import load_all
from argosy.render.assembly import RenderWorkers
from argosy.render.port import RenderRequest
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials

OBJECTS = """apiVersion: v1
kind: ConfigMap
metadata: {name: %(name)s}
data: {a: "1"}
---
apiVersion: v1
kind: Service
metadata: {name: %(name)s}
spec: {selector: {app: %(name)s}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: %(name)s}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %(name)s}
spec:
  selector: {matchLabels: {app: %(name)s}}
  template:
    metadata: {labels: {app: %(name)s}}
    spec: {containers: [{name: web, image: "nginx:1.25"}]}
"""
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
KINDS = ("plain", "kustomize", "helm")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def application(kind: str, number: int) -> dict[str, str]:
    directory, name = f"{kind}/{number}", f"{kind}-{number}"
    if kind == "plain":
        return {f"{directory}/all.yaml": OBJECTS % {"name": name}}
    if kind == "kustomize":
        return {f"{directory}/kustomization.yaml": f"resources: [../../base]\nnamePrefix: {name}-\n"}
    return {
        f"{directory}/Chart.yaml": CHART,
        f"{directory}/values.yaml": f"name: {name}\n",
        f"{directory}/templates/all.yaml": OBJECTS % {"name": "{{ .Values.name }}"},
    }


def commit(root: Path) -> str:
    git = ["git", "-C", str(root), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "bench"], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Fleet:
    """The applications, rendered all at once from whatever commit."""

    def __init__(self, count: int, url: str, mirrors: GitMirrors, workers: RenderWorkers) -> None:
        self.names = {kind: [f"{kind}/{number}" for number in range(count // 3)] for kind in KINDS}
        self._url = url
        self._mirrors = mirrors
        self._workers = workers

    async def render(self, names: list[str], revision: str) -> float:
        """Seconds for all of them."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._one(name, revision))
        return time.perf_counter() - began

    async def _one(self, name: str, revision: str) -> None:
        sha = await self._mirrors.resolve(self._url, revision, Credentials())
        tree = await self._mirrors.tree(self._url, sha, Credentials())
        source = {"repoURL": self._url, "path": name, "targetRevision": revision}
        request = RenderRequest(
            source=source, tree=tree, revision=sha, app_name=name.replace("/", "-"),
            release_name=name.replace("/", "-"), namespace="default", kube_version="v1.36.0",
        )  # fmt: skip
        await self._workers.render(request)

    @property
    def everyone(self) -> list[str]:
        return [name for names in self.names.values() for name in names]


def make_repository(count: int, root: Path) -> Path:
    repository = root / "repository"
    repository.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repository)], check=True)
    write(repository, {"base/kustomization.yaml": "resources: [all.yaml]\n"})
    write(repository, {"base/all.yaml": OBJECTS % {"name": "web"}})
    for kind in KINDS:
        for number in range(count // 3):
            write(repository, application(kind, number))
    commit(repository)
    return repository


async def measure(count: int, root: Path, repository: Path) -> None:
    clock = RealClock()
    mirrors = GitMirrors(root / "cache", clock, GitSettings(allow_local=True))
    with RenderWorkers(clock, SystemRng()) as workers:
        fleet = Fleet(count, f"file://{repository}", mirrors, workers)
        await fleet.render([names[0] for names in fleet.names.values()], "main")  # workers and libraries are warm
        parse = baseline()
        for kind, names in fleet.names.items():
            each = await fleet.render(names, "main") / len(names)
            print(
                f"render {kind:<10} {1 / each:8.0f} /s  {each * 1e3:6.2f} ms each  {each / parse:5.1f} x a plain parse"
            )
        await report(fleet, workers, repository, count, parse)
    mirrors.close()


async def report(fleet: Fleet, workers: RenderWorkers, repository: Path, count: int, parse: float) -> None:
    before = workers.counters.renders
    seconds = await fleet.render(fleet.everyone, "main")
    print(f"nothing new  {count} applications {seconds * 1e3:8.1f} ms, {workers.counters.renders - before} renderings")
    write(repository, {"plain/0/all.yaml": OBJECTS % {"name": "changed"}})
    commit(repository)
    before = workers.counters.renders
    seconds = await fleet.render(fleet.everyone, "main")
    print(f"one touched  {count} applications {seconds * 1e3:8.1f} ms, {workers.counters.renders - before} renderings")
    write(repository, {"base/all.yaml": OBJECTS % {"name": "new"}})
    commit(repository)
    before = workers.counters.renders
    seconds = await fleet.render(fleet.everyone, "main")
    print(f"base touched {count} applications {seconds * 1e3:8.1f} ms, {workers.counters.renders - before} renderings")
    print(f"a plain parse of one application's manifests takes {parse * 1e3:.2f} ms")


def baseline() -> float:
    """Seconds to parse one application's manifests, and nothing else."""
    text = (OBJECTS % {"name": "web"}).encode()
    began = time.perf_counter()
    for _ in range(100):
        list(load_all(text))
    return (time.perf_counter() - began) / 100


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(measure(count, Path(directory), make_repository(count, Path(directory))))


if __name__ == "__main__":
    main()
