"""Stories of ApplicationSets: Applications come, change and go with a set, and roll out step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from argosy.gitops.applicationsets import JqRunner, answerers, controllers
from argosy.gitops.applicationsets.controller import NAME as FIELD_MANAGER
from argosy.gitops.keys import APPLICATION_SETS, APPLICATIONS
from argosy.machinery.objects import JsonObject
from argosy.observe.metrics import Registry
from tests.hardship.gitops import FINALIZER, ApplicationStory
from tests.hardship.sealing import SharedEngine
from tests.kit.applicationsets import made_generators
from tests.kit.gitops import REPO, config
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.world import CONFIG_MAPS

SERVER = "https://kubernetes.default.svc"


class Together:
    """Several parts as one."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for part in self._parts:
                tasks.create_task(part.run())

    def replicas_changed(self) -> None:
        for part in self._parts:
            part.replicas_changed()


class SetStory(ApplicationStory):
    """Directories of a repository, and a set that makes an Application of each."""

    def prepare(self) -> None:
        super().prepare()
        self.world.caches.cache(APPLICATION_SETS)
        parameters = {"applicationsetcontroller.enable.progressive.syncs": "true"}
        metadata = {"name": "argocd-cmd-params-cm", "namespace": "argocd"}
        self.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": parameters})

    def start(self, process: Process) -> Part:
        sets = SharedEngine(
            process.client,
            process.caches,
            process.clock,
            process.rng,
            controllers(),
            answerers(
                made_generators(process.client, process.caches, self.git, process.clock, process.rng), JqRunner(None)
            ),
            owns=lambda controller, key: process.owns(key),
            registry=Registry(),
        )
        return Together(super().start(process), sets)

    def a_set(self, generator: JsonObject, path: str, **spec: Any) -> JsonObject:
        template = {
            "metadata": {"name": "{{name}}", "labels": {"env": "{{env}}"}, "finalizers": [FINALIZER]},
            "spec": {
                "project": "default",
                "source": {"repoURL": REPO, "path": path, "targetRevision": "main"},
                "destination": {"server": SERVER, "namespace": "default"},
                "syncPolicy": {"automated": {"prune": True}},
            },
        }
        metadata = {"name": "fleet", "namespace": "argocd"}
        given = {"generators": [generator], "template": template, **spec}
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": metadata, "spec": given}

    def outcome(self) -> object:
        found = self.get(APPLICATION_SETS, "fleet", "argocd") or {}
        status = found.get("status") or {}
        told = {item["type"]: item["status"] for item in status.get("conditions") or ()}
        phases = {item["application"]: item["status"] for item in status.get("applicationStatus") or ()}
        resources = sorted(item["name"] for item in status.get("resources") or ())
        return {"set": told, "phases": phases, "resources": resources, "rest": super().outcome()}

    def wanted(self, files: Any, app: str) -> dict[str, str]:
        return super().wanted({path: text for path, text in files.items() if f"/{app}/" in f"/{path}"}, app)

    def wrong(self, write: Committed) -> Iterable[str]:
        if write.write.resource.plural != "configmaps":
            yield from super().wrong(write)


class Generated(SetStory):
    """Applications come and go with directories and with the set; what nobody changed is not written."""

    name = "sets"

    def steps(self) -> Iterable[Step]:
        two = {"apps/a/x.yaml": config("a", "one"), "apps/b/x.yaml": config("b", "one")}
        directories = {"directories": [{"path": "apps/*"}], "repoURL": REPO, "revision": "main"}
        generator = {"git": {**directories, "requeueAfterSeconds": 60}}
        made = self.a_set(generator, "{{path}}")
        made["spec"]["template"]["metadata"] |= {"name": "{{path.basename}}", "labels": {"env": "dev"}}
        yield lambda: self.push(two)
        yield lambda: self.create(APPLICATION_SETS, made)
        yield lambda: self.is_synced("a", a="one") and self.is_synced("b", b="one")
        yield lambda: self.push({"apps/b/x.yaml": config("b", "two"), "apps/c/x.yaml": config("c", "one")})
        yield lambda: not self.app("a") and self.is_synced("b", b="two") and self.is_synced("c", c="one")
        yield lambda: self.patch(APPLICATIONS, "c", {"spec": {"source": {"path": "elsewhere"}}}, "argocd")
        yield lambda: self.is_synced("c") and self.app("c")["spec"]["source"]["path"] == "apps/c"


class Ended(SetStory):
    """With the set its Applications go, and with them what they brought."""

    name = "set-deletion"

    def steps(self) -> Iterable[Step]:
        elements = [{"name": name, "env": "dev"} for name in ("a", "b")]
        yield lambda: self.push({f"conf/{name}/x.yaml": config(name, "one") for name in ("a", "b")})
        yield lambda: self.create(APPLICATION_SETS, self.a_set({"list": {"elements": elements}}, "conf/{{name}}"))
        yield lambda: self.is_synced("a", a="one") and self.is_synced("b", b="one")
        yield lambda: self.delete(APPLICATION_SETS, "fleet", "argocd")
        yield lambda: not self.app("a") and not self.app("b")


class Rolling(SetStory):
    """Production follows only when development is healthy."""

    name = "rolling-sync"

    def steps(self) -> Iterable[Step]:
        elements = [{"name": "d", "env": "dev"}, {"name": "p", "env": "prod"}]
        stages = [{"matchExpressions": [{"key": "env", "operator": "In", "values": [env]}]} for env in ("dev", "prod")]
        strategy = {"type": "RollingSync", "rollingSync": {"steps": stages}}
        made = self.a_set({"list": {"elements": elements}}, "conf/{{name}}", strategy=strategy)
        yield lambda: self.push(self.files("one"))
        yield lambda: self.create(APPLICATION_SETS, made)
        yield lambda: self.is_synced("d", d="one") and self.is_synced("p", p="one")
        yield self.all_healthy
        yield lambda: self.push(self.files("two"))
        yield lambda: self.is_synced("d", d="two") and self.is_synced("p", p="two")
        yield self.all_healthy

    def files(self, value: str) -> dict[str, str]:
        return {f"conf/{name}/x.yaml": config(name, value) for name in ("d", "p")}

    def all_healthy(self) -> bool:
        status = (self.get(APPLICATION_SETS, "fleet", "argocd") or {}).get("status") or {}
        return {item["status"] for item in status.get("applicationStatus") or ()} == {"Healthy"}

    def wrong(self, write: Committed) -> Iterable[str]:
        yield from super().wrong(write)
        is_ask = write.write.manager == FIELD_MANAGER and write.became("operation")
        if is_ask and write.write.key.name == "p" and write.after is not None:
            fleet = self.get(APPLICATION_SETS, "fleet", "argocd") or {}
            told = {item["application"]: item["status"] for item in fleet["status"].get("applicationStatus") or ()}
            if told.get("d") != "Healthy":
                yield f"production is asked to sync while development is {told.get('d')}"


STORIES: tuple[type[Story], ...] = (Generated, Ended, Rolling)
