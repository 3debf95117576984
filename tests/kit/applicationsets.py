"""ApplicationSets in virtual time, on the embedded cluster: what tests of them say and ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from argosy.apis import crds
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets import Generators, JqRunner, answerers, controllers
from argosy.gitops.applicationsets.adapters import ClusterObjects
from argosy.gitops.applicationsets.dry_run import Previewer
from argosy.gitops.applicationsets.generation import Memory
from argosy.gitops.applicationsets.preview import Preview
from argosy.gitops.comparison.jq.evaluation import JqEvaluation
from argosy.gitops.keys import APPLICATION_SETS, APPLICATIONS
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.observe.metrics import Registry
from argosy.render.jq.evaluator import LIMITS, JqWorkers
from argosy.render.jq.port import JqEvaluator
from argosy.runtime.caches.informer import Cache, Caches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Engine
from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.port import GitRemote
from tests.kit.world import CONFIG_MAPS, NAMESPACES, World

REPO = "https://git.example/fleet.git"
CRDS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
SERVER = "https://kubernetes.default.svc"


class NoHosting:
    """Nobody is to be asked."""

    def repositories(self, *_: Any) -> Any:
        raise AssertionError

    pull_requests = call = app_token = repositories


def made_generators(
    client: Client, caches: Caches, git: GitRemote, clock: Clock, rng: Rng, hosting: Any = None, plugins: Any = None
) -> Generators:
    nobody = NoHosting()
    templates = GoTemplates(clock.now, rng.fork("applicationsets").token_bytes)
    objects = ClusterObjects(client, caches, "argocd")
    return Generators(objects, git, hosting or nobody, plugins or nobody, templates, "argocd")


@dataclass
class Bench:
    world: World
    git: ScriptedGit
    generators: Generators
    jq: JqRunner
    evaluator: JqEvaluator
    memories: dict[Key, Memory | None]
    """What the controller remembers of each set."""

    @property
    def sets(self) -> Cache:
        return self.world.caches.cache(APPLICATION_SETS)

    @property
    def applications(self) -> Cache:
        return self.world.caches.cache(APPLICATIONS)

    async def preview(self, appset: JsonObject) -> Preview:
        previewer = Previewer(self.world.caches, self.generators, JqEvaluation(self.evaluator), "argocd")
        await previewer.wait_synced()
        return await previewer.preview(appset)

    def create(self, obj: JsonObject, resource: Resource = APPLICATION_SETS) -> None:
        self.world.run(self.world.client.create(resource, obj))

    def patch(self, patch: JsonObject, name: str = "fleet", resource: Resource = APPLICATION_SETS, **more: Any) -> None:
        self.world.run(self.world.client.patch(resource, name, "argocd", patch, PatchType.MERGE, **more))

    def apps(self) -> list[str]:
        return [app["metadata"]["name"] for app in self.applications.list("argocd")]

    def app(self, name: str) -> JsonObject:
        return self.applications.get(Key("argocd", name)) or {}

    def status(self) -> JsonObject:
        found: JsonObject = (self.sets.get(Key("argocd", "fleet")) or {}).get("status") or {}
        return found

    def condition(self, kind: str) -> JsonObject:
        return next((item for item in self.status().get("conditions") or () if item["type"] == kind), {})

    def shows(self, name: str, health: str, sync: str = "Synced", **state: Any) -> None:
        """What the controller of Applications would write."""
        app = self.app(name)
        source = app["spec"]["source"]
        self.patch(
            {
                "operation": None,
                "status": {
                    "sync": {
                        "status": sync,
                        "revision": "a" * 40,
                        "comparedTo": {"source": source, "destination": app["spec"]["destination"]},
                    },
                    "health": {"status": health},
                    "reconciledAt": self.now(),
                    **state,
                },
            },
            name,
            APPLICATIONS,
        )

    def now(self) -> str:
        return self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def make_bench(hosting: Any = None, plugins: Any = None) -> Iterator[Bench]:
    with World(seed=7, crds=crds("argo-cd")) as world:
        for name in ("argocd", "team"):
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            world.run(world.client.create(NAMESPACES, namespace))
        parameters = {"applicationsetcontroller.enable.progressive.syncs": "true"}
        metadata = {"name": "argocd-cmd-params-cm", "namespace": "argocd"}
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": parameters}
        world.run(world.client.create(CONFIG_MAPS, config))
        world.pass_time(2)
        git = ScriptedGit()
        workers = JqWorkers(world.clock, limits=replace(LIMITS, wall_seconds=60.0))
        generators = made_generators(world.client, world.caches, git, world.clock, world.rng, hosting, plugins)
        jq, memories = JqRunner(workers), dict[Key, Memory | None]()
        engine = Engine(
            world.client,
            world.caches,
            world.clock,
            world.rng,
            controllers(measure=memories.__setitem__),
            answerers(generators, jq),
            registry=Registry(),
        )
        world.caches.cache(APPLICATION_SETS), world.caches.cache(APPLICATIONS)
        world.supervisor.add("applicationsets", engine.run)
        git.push(REPO, {"apps/a/x.yaml": "", "apps/b/x.yaml": ""})
        try:
            yield Bench(world, git, generators, jq, workers, memories)
        finally:
            workers.close()


def appset(generators: list[JsonObject], name: str = "{{name}}", **spec: Any) -> JsonObject:
    template: JsonObject = {
        "metadata": {"name": name, "labels": {"env": "{{env}}"} if name == "{{name}}" else None},
        "spec": {
            "project": "default",
            "source": {"repoURL": REPO, "path": "conf", "targetRevision": "main"},
            "destination": {"server": SERVER, "namespace": "default"},
            "syncPolicy": {"automated": {"prune": True}},
        },
    }
    template["metadata"] = {key: value for key, value in template["metadata"].items() if value}
    metadata = {"name": "fleet", "namespace": "argocd"}
    given = {"generators": generators, "template": template, **spec}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": metadata, "spec": given}


def listed(*names: str, **more: str) -> JsonObject:
    return {"list": {"elements": [{"name": name, "env": more.get(name, "dev")} for name in names]}}


def phases(bench: Bench) -> dict[str, str]:
    return {item["application"]: item["status"] for item in bench.status().get("applicationStatus") or ()}


def state(bench: Bench) -> JsonObject:
    operation: JsonObject = {"sync": {}}
    return {"startedAt": bench.now(), "finishedAt": bench.now(), "phase": "Succeeded", "operation": operation}
