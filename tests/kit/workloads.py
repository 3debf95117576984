"""A real embedded server with simulated workloads in virtual time, for the tests of the simulation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.store import Change
from argosy.cluster.workloads.rules.rule_reading import parse_rules
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings, Workloads
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs

PLACES = {
    "Deployment": ("apps", "v1", "deployments"),
    "ReplicaSet": ("apps", "v1", "replicasets"),
    "StatefulSet": ("apps", "v1", "statefulsets"),
    "DaemonSet": ("apps", "v1", "daemonsets"),
    "Job": ("batch", "v1", "jobs"),
    "CronJob": ("batch", "v1", "cronjobs"),
    "Pod": ("", "v1", "pods"),
    "Node": ("", "v1", "nodes"),
    "Service": ("", "v1", "services"),
    "ConfigMap": ("", "v1", "configmaps"),
    "Endpoints": ("", "v1", "endpoints"),
    "EndpointSlice": ("discovery.k8s.io", "v1", "endpointslices"),
    "Event": ("", "v1", "events"),
    "PersistentVolumeClaim": ("", "v1", "persistentvolumeclaims"),
    "PersistentVolume": ("", "v1", "persistentvolumes"),
    "StorageClass": ("storage.k8s.io", "v1", "storageclasses"),
    "HorizontalPodAutoscaler": ("autoscaling", "v2", "horizontalpodautoscalers"),
    "Ingress": ("networking.k8s.io", "v1", "ingresses"),
    "ReplicationController": ("", "v1", "replicationcontrollers"),
    "Secret": ("", "v1", "secrets"),
    "ControllerRevision": ("apps", "v1", "controllerrevisions"),
    "PodDisruptionBudget": ("policy", "v1", "poddisruptionbudgets"),
    "ValidatingAdmissionPolicy": ("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies"),
}
CLUSTER_SCOPED = ("Node", "StorageClass", "PersistentVolume", "ValidatingAdmissionPolicy")


class World:
    def __init__(self, clock: VirtualClock, cluster: EmbeddedCluster, rules: str, settings: Settings) -> None:
        self.clock, self.cluster, self.settings = clock, cluster, settings
        self.rules = parse_rules(rules) if rules else ()
        self.client = verbs(cluster.client("tester"))
        self.changes: list[Change] = []
        self.workloads = self._made()
        cluster.on_commit(self.changes.extend)

    def _made(self) -> Workloads:
        server = PipelineServer(self.cluster.core, self.cluster.on_commit, self.cluster.spawn)
        workloads = Workloads(server, self.clock, self.rules, self.settings)
        workloads.start()
        return workloads

    def restart(self) -> None:
        self.workloads.stop()
        self.workloads = self._made()

    def resource(self, kind: str) -> Any:
        return self.cluster.resource(*PLACES[kind])

    async def create(self, obj: JsonObject) -> JsonObject:
        group, version, _ = PLACES[obj["kind"]]
        api_version = f"{group}/{version}" if group else version
        metadata = {"namespace": _namespace(obj["kind"]), **obj["metadata"]}
        body = {"apiVersion": api_version, **obj, "metadata": metadata}
        return await self.client.create(self.resource(obj["kind"]), body)

    async def patch(self, kind: str, name: str, patch: JsonObject) -> None:
        await self.client.patch(self.resource(kind), name, _namespace(kind), patch, PatchType.MERGE)

    async def delete(self, kind: str, name: str) -> None:
        await self.client.delete(self.resource(kind), name, "default", propagation="Background")

    async def wait(self, seconds: float) -> None:
        await self.clock.settle(lambda: False, within=timedelta(seconds=seconds))

    def all(self, kind: str) -> list[JsonObject]:
        group, _, plural = PLACES[kind]
        return [entry.obj for entry in self.cluster.store.table(group, plural).scan()]

    def get(self, kind: str, name: str) -> JsonObject:
        group, _, plural = PLACES[kind]
        return self.cluster.store.table(group, plural).entries[Key(_namespace(kind), name)].obj

    def node(self, name: str) -> JsonObject:
        return self.cluster.store.table("", "nodes").entries[Key("", name)].obj

    def conditions(self, kind: str, name: str) -> dict[str, tuple[str, str]]:
        conditions = self.get(kind, name)["status"].get("conditions") or ()
        return {item["type"]: (item["status"], item.get("reason", "")) for item in conditions}

    def reasons(self, kind: str) -> list[str]:
        return [item["reason"] for item in self.all("Event") if item["involvedObject"]["kind"] == kind]


def _namespace(kind: str) -> str:
    return "" if kind in CLUSTER_SCOPED else "default"


def play(
    scenario: Callable[[World], Awaitable[None]], rules: str = "", settings: Settings | None = None, seed: int = 7
) -> World:
    async def main(clock: VirtualClock, rng: SeededRng) -> World:
        async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
            world = World(clock, cluster, rules, settings or Settings())
            await scenario(world)
            world.workloads.stop()
            return world

    return run_virtual(main, seed=seed)


def workload(kind: str, name: str, image: str = "a:1", **spec: Any) -> JsonObject:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    body = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"kind": kind, "metadata": {"name": name}, "spec": body}


def image(name: str) -> JsonObject:
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": name}]}}}}


def job(name: str, **spec: Any) -> JsonObject:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:1"}]}}
    return {"kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def ready(pod: JsonObject) -> bool:
    return any(item["type"] == "Ready" and item["status"] == "True" for item in pod["status"].get("conditions") or ())
