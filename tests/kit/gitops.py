"""The GitOps controllers in virtual time, on the embedded cluster, with the real renderer and its worker processes.

`Bench.kill` and `Bench.start` are a process's death and its successor: new caches, new controllers, nothing remembered.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from argosy.apis import crds
from argosy.apis.kubernetes import known
from argosy.gitops import GitOps
from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.render.cache import RenderCache
from argosy.render.inputs import AnswerBook
from argosy.render.jq.evaluator import JqWorkers
from argosy.render.lua.evaluator import LIMITS, LuaWorkers
from argosy.render.renderer import WorkerRenderer
from argosy.render.workers.pool import RenderPool
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.client import Client
from argosy.runtime.clients.access import ClientAccess
from argosy.runtime.clients.faults import ProcessKilled
from argosy.runtime.leases import Membership
from argosy.sources.git.remote import GitMirrors
from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.git.writing import WritingMirrors
from argosy.sources.port import GitRemote, GitWriter
from argosy.sources.signatures import Verifier
from tests.kit.clusters import Clusters
from tests.kit.world import CONFIG_MAPS, World

REPO = "https://git.example/app.git"
CRDS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SETTINGS = "argocd-cm"
REFRESH = "argocd.argoproj.io/refresh"


def config(name: str, value: str, **annotations: str) -> str:
    """A ConfigMap's YAML; `sync_wave="1"` becomes the annotation `argocd.argoproj.io/sync-wave`."""
    marks = "".join(f'\n    argocd.argoproj.io/{k.replace("_", "-")}: "{v}"' for k, v in annotations.items())
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"
    return head + (f"  annotations:{marks}\n" if marks else "") + f"data:\n  value: {value}\n"


def application(name: str = "app", **spec: Any) -> JsonObject:
    given = {
        "project": "default",
        "source": {"repoURL": REPO, "path": "conf", "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    metadata = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": given | spec}


def project(name: str, **spec: Any) -> JsonObject:
    given = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    metadata = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": given | spec}


class Repository:
    """A real Git repository on disk; `commit` makes the work tree hold exactly `files`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        return f"file://{self.path}"

    def commit(self, files: Mapping[str, str], links: Mapping[str, str] | None = None, *, message: str = "next") -> str:
        self.git("rm", "-r", "-q", "-f", "--ignore-unmatch", ".")
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        for name, target in (links or {}).items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).symlink_to(target)
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=someone", "-c", "user.email=someone@example.com"]
        done = subprocess.run(["git", "-C", str(self.path), *who, *arguments], check=True, capture_output=True)
        return done.stdout.decode().strip()


class NoCharts:
    async def resolve(self, *_: Any) -> str:
        raise AssertionError("no chart repository is expected here")

    async def tree(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("no chart repository is expected here")


class Bench:
    def __init__(
        self,
        world: World,
        git: GitRemote,
        charts: Any = None,
        signatures: Verifier | None = None,
        *,
        replica: str = "",
    ) -> None:
        """`replica`: one of several that share the work, by its name."""
        self.replica = replica
        self.signatures = signatures
        self.world = world
        self.remote = git
        self.charts = charts or NoCharts()
        self.book, self.cache = AnswerBook(), RenderCache(b"k" * 32)
        self.pool = RenderPool(world.clock, self.book, size=1)
        self.renderer = WorkerRenderer(self.pool, self.cache, self.book, world.clock)
        # Ends scripts by processor time alone: how busy the machine is must not show.
        self.jq = JqWorkers(world.clock, limits=replace(LIMITS, wall_seconds=60.0))
        self.lua = LuaWorkers(world.clock, size=1, limits=replace(LIMITS, wall_seconds=60.0))
        self.client: Client = world.client
        self.writer: Callable[[], GitWriter] | None = None
        if isinstance(git, GitMirrors):
            self.pushing = WritingMirrors(git, world.clock, allow_local=True)
            self.writer = lambda: self.pushing
        self.clusters = Clusters(world)
        self._tasks: list[asyncio.Task[None]] = []
        self.started = 0

    @property
    def git(self) -> ScriptedGit:
        assert isinstance(self.remote, ScriptedGit)
        return self.remote

    # -- the process -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.started += 1
        world, name = self.world, f"process-{self.started}"
        self.caches = InformerCaches(self.client, world.clock, world.rng.fork(name))
        self.gitops = GitOps(
            ClientAccess(self.client, self.clusters.here),
            self.caches,
            self.renderer,
            self.remote,
            self.charts,
            world.clock,
            world.rng.fork(name),
            known,
            lua=self.lua,
            jq=self.jq,
            connect=self.clusters.connect,
            replicas=self._membership(name),
            signatures=self.signatures,
            writer=self.writer,
        )

        async def spawn() -> None:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self.caches.run()), loop.create_task(self.gitops.run())]
            if self.membership is not None:
                self._tasks.append(loop.create_task(self.membership.run()))

        world.run(spawn())

    def _membership(self, name: str) -> Membership | None:
        self.membership: Membership | None = None
        if self.replica:
            self.membership = Membership(
                self.client,
                self.world.clock,
                self.world.rng.fork(name + self.replica),
                namespace="argocd",
                group="controller",
                identity=self.replica,
                on_change=lambda: self.gitops.replicas_changed(),
            )
        return self.membership

    def kill(self) -> None:
        async def end() -> None:
            for task in self._tasks:
                task.cancel()
            for task in self._tasks:
                with suppress(asyncio.CancelledError, ConnectionError, ProcessKilled, BaseExceptionGroup):
                    await task

        self.world.run(end())
        self._tasks = []

    # -- what a person does ------------------------------------------------------------------------------------------

    def create(self, obj: JsonObject, resource: Resource = APPLICATIONS) -> None:
        self.world.run(self.world.client.create(resource, obj))

    def create_project(self, name: str, **spec: Any) -> None:
        self.create(project(name, **spec), PROJECTS)

    def create_namespace(self, name: str) -> None:
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, NAMESPACES)

    def settings(self, **data: str) -> None:
        """`argocd-cm`; `__` means a dot."""
        given = {name.replace("__", "."): value for name, value in data.items()}
        metadata = {"name": SETTINGS, "namespace": "argocd"}
        self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": given}, CONFIG_MAPS)

    def parameters(self, **data: str) -> None:
        """`argocd-cmd-params-cm`; `__` means a dot."""
        self.config_map("argocd-cmd-params-cm", {name.replace("__", "."): value for name, value in data.items()})

    def config_map(self, name: str, data: Mapping[str, str], **labels: str) -> None:
        """In the control plane's namespace."""
        metadata = {"name": name, "namespace": "argocd", "labels": labels}
        self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}, CONFIG_MAPS)

    def patch(self, name: str, patch: JsonObject, resource: Resource = APPLICATIONS, namespace: str = "argocd") -> None:
        self.world.run(self.world.client.patch(resource, name, namespace, patch, PatchType.MERGE))

    def delete(self, name: str, resource: Resource = APPLICATIONS, namespace: str = "argocd") -> None:
        self.world.run(self.world.client.delete(resource, name, namespace))

    def refresh(self, name: str = "app", how: str = "normal") -> None:
        self.patch(name, {"metadata": {"annotations": {REFRESH: how}}})
        self.world.run_until(lambda: REFRESH not in (self.app(name)["metadata"].get("annotations") or {}))

    def sync(self, name: str = "app", **sync: Any) -> None:
        """As `argocd app sync` does."""
        operation = {"sync": sync, "initiatedBy": {"username": "someone"}}
        self.patch(name, {"operation": operation, "status": {"operationState": None}})

    # -- what a person sees ------------------------------------------------------------------------------------------

    def get(self, resource: Resource, name: str, namespace: str = "default") -> JsonObject | None:
        try:
            return self.world.run(self.world.client.read(resource, name, namespace))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise

    def app(self, name: str = "app") -> JsonObject:
        return self.gitops.plane.applications.get(Key("argocd", name)) or {}

    def value(self, name: str, namespace: str = "default") -> str | None:
        found = self.world.caches.cache(CONFIG_MAPS).get(Key(namespace, name))
        return found["data"]["value"] if found else None

    def status(self, name: str = "app") -> JsonObject:
        return self.app(name).get("status") or {}

    def state(self, name: str = "app") -> JsonObject:
        return self.status(name).get("operationState") or {}

    def phase(self, name: str = "app") -> str:
        return str(self.state(name).get("phase") or "")

    def synced(self, name: str = "app") -> bool:
        return self.sync_status(name) == "Synced" and not self.app(name).get("operation")

    def sync_status(self, name: str = "app") -> str:
        return str((self.status(name).get("sync") or {}).get("status") or "")

    def health(self, name: str = "app") -> str:
        return str((self.status(name).get("health") or {}).get("status") or "")

    def conditions(self, name: str = "app") -> dict[str, str]:
        """Message by type."""
        return {item["type"]: item["message"] for item in self.status(name).get("conditions") or ()}

    def entry(self, kind: str, name: str, app: str = "app") -> JsonObject:
        """Of `status.resources`."""
        found = self.status(app).get("resources") or ()
        return next((item for item in found if (item["kind"], item["name"]) == (kind, name)), {})

    def result(self, kind: str, name: str, app: str = "app") -> JsonObject:
        """Of the last sync."""
        found = (self.state(app).get("syncResult") or {}).get("resources") or ()
        return next((item for item in found if (item["kind"], item["name"]) == (kind, name)), {})


def prepare(world: World) -> None:
    """What an installation brings: the definitions, where the world did not begin with them, and the namespace."""
    if world.cluster.catalog.find("argoproj.io", "v1alpha1", "applications") is None:
        for crd in crds("argo-cd"):
            world.run(world.client.create(CRDS, crd))
    world.run(
        world.client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
    )
    world.caches.cache(CONFIG_MAPS)
    world.pass_time(2)


@contextmanager
def opened(
    git: Callable[[World], GitRemote] | None = None,
    seed: int = 7,
    charts: Any = None,
    signatures: Callable[[World, GitRemote], Verifier] | None = None,
) -> Iterator[Bench]:
    with World(seed=seed, crds=crds("argo-cd")) as world:
        prepare(world)
        remote = git(world) if git else ScriptedGit()
        bench = Bench(world, remote, charts, signatures(world, remote) if signatures else None)
        bench.start()
        try:
            yield bench
        finally:
            bench.kill()
            bench.pool.close()
            bench.clusters.close()
            bench.lua.close()
            bench.jq.close()
            if isinstance(bench.remote, GitMirrors):
                bench.remote.close()
