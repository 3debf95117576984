"""Stories of the embedded workloads: Deployments roll, StatefulSets and Jobs continue, whatever happens to a write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings
from argosy.machinery.objects import JsonObject
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.hardship.server import SimulatedPart
from tests.kit.workloads import image, job, ready, workload

DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS = (RESOURCES[name] for name in ("deployments", "replicasets", "statefulsets"))
JOBS, PODS, SERVICES, CLAIMS = (RESOURCES[name] for name in ("jobs", "pods", "services", "persistentvolumeclaims"))
SLICES = RESOURCES["endpointslices"]


class WorkloadStory(Story):
    replicas = False

    def prepare(self) -> None:
        for resource in RESOURCES.values():
            if resource.plural != "events":
                self.world.caches.cache(resource)
        usual = {"storageclass.kubernetes.io/is-default-class": "true"}
        metadata = {"name": "standard", "annotations": usual}
        kind = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
        self.create(RESOURCES["storageclasses"], {**kind, "metadata": metadata, "provisioner": "sim.example.com"})

    def start(self, process: Process) -> Part:
        cluster = self.world.cluster
        return SimulatedPart(process, PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), Settings())

    def made(self, obj: JsonObject) -> JsonObject:
        groups = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1", "Service": "v1"}
        return {"apiVersion": groups[obj["kind"]], **obj, "metadata": {"namespace": "default", **obj["metadata"]}}

    def pods(self, name: str) -> list[JsonObject]:
        """Those of a workload that are not on their way out."""
        found = self.list(PODS, "default")
        return [
            pod
            for pod in found
            if (pod["metadata"].get("labels") or {}).get("app") == name and not pod["metadata"].get("deletionTimestamp")
        ]

    def runs(self, name: str, count: int, image: str) -> bool:
        pods = self.pods(name)
        return len(pods) == count and all(ready(pod) and _image(pod) == image for pod in pods)

    def outcome(self) -> object:
        pods = Counter(
            (_owner(pod)[0], _image(pod), pod["status"].get("phase"), ready(pod)) for pod in self.list(PODS, "default")
        )
        told = {
            f"{resource.kind}/{obj['metadata']['name']}": _told(obj)
            for resource in (DEPLOYMENTS, STATEFUL_SETS, JOBS)
            for obj in self.list(resource, "default")
        }
        sets = sorted(((obj.get("status") or {}).get("replicas") or 0) for obj in self.list(REPLICA_SETS, "default"))
        addresses = sum(len(obj.get("endpoints") or ()) for obj in self.list(SLICES, "default"))
        claims = sorted((obj["metadata"]["name"], obj["status"].get("phase")) for obj in self.list(CLAIMS, "default"))
        return {
            "pods": sorted((str(key), count) for key, count in pods.items()),
            "workloads": told,
            "replica sets": sets,
            "addresses": addresses,
            "claims": claims,
        }


class Rolling(WorkloadStory):
    """A Deployment rolls, is scaled in the middle, and never has more Pods than it may."""

    name = "deployment"
    most = 4
    """Three, and one more while it rolls."""

    def steps(self) -> Iterable[Step]:
        service = {
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        }
        yield lambda: self.create(SERVICES, self.made(service))
        yield lambda: self.create(DEPLOYMENTS, self.made(workload("Deployment", "web", "a:1", replicas=3)))
        yield lambda: self.runs("web", 3, "a:1")
        yield lambda: self.patch(DEPLOYMENTS, "web", image("a:2"))
        yield lambda: self.runs("web", 3, "a:2")
        yield lambda: self.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 2, **image("a:3")["spec"]}})
        yield lambda: self.runs("web", 2, "a:3")

    def wrong(self, write: Committed) -> Iterable[str]:
        """ReplicaSets are asked for no more; their Pods follow when their own writes are taken."""
        if write.write.resource == REPLICA_SETS:
            stored = self.world.cluster.store.table("apps", "replicasets").scan()
            asked = sum(entry.obj["spec"].get("replicas") or 0 for entry in stored)
            if asked > self.most:
                yield f"{asked} Pods are asked for, though {self.most} are allowed"


class Ordered(WorkloadStory):
    """A StatefulSet keeps its order and its claims; a Job succeeds as often as asked, not oftener."""

    name = "stateful"

    def steps(self) -> Iterable[Step]:
        claim = {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
        stateful = workload("StatefulSet", "db", "a:1", replicas=3, serviceName="db", volumeClaimTemplates=[claim])
        yield lambda: self.create(STATEFUL_SETS, self.made(stateful))
        yield lambda: self.create(JOBS, self.made(job("once", completions=3, parallelism=2)))
        yield lambda: self.runs("db", 3, "a:1") and self.succeeded("once") == 3
        yield lambda: self.patch(STATEFUL_SETS, "db", image("a:2"))
        yield lambda: self.runs("db", 3, "a:2")
        yield lambda: self.patch(STATEFUL_SETS, "db", {"spec": {"replicas": 1}})
        yield lambda: self.runs("db", 1, "a:2")

    def succeeded(self, name: str) -> int:
        return int(((self.get(JOBS, name) or {}).get("status") or {}).get("succeeded") or 0)

    def wrong(self, write: Committed) -> Iterable[str]:
        if write.write.resource == JOBS and write.after is not None:
            count = (write.after.get("status") or {}).get("succeeded") or 0
            if count > 3:
                yield f"{count} Pods succeeded, though 3 were asked for"


def _image(pod: JsonObject) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _owner(pod: JsonObject) -> tuple[str, str]:
    owners: list[Any] = pod["metadata"].get("ownerReferences") or [{"kind": "", "name": ""}]
    return owners[0]["kind"], owners[0]["name"]


def _told(obj: JsonObject) -> JsonObject:
    """The status without times and revisions."""
    status = obj.get("status") or {}
    counts = (
        "replicas",
        "readyReplicas",
        "availableReplicas",
        "updatedReplicas",
        "currentReplicas",
        "succeeded",
        "failed",
    )
    conditions = {item["type"]: item["status"] for item in status.get("conditions") or ()}
    return {**{name: status.get(name) for name in counts if name in status}, "conditions": conditions}


STORIES: tuple[type[Story], ...] = (Rolling, Ordered)
