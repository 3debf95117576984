"""Stories of Rollouts: a canary, one with traffic, blue-green, an abort and its retry, analyses, an experiment.

What must hold at every write: never more pods than maxSurge allows, never fewer available ones than maxUnavailable
allows, no traffic to what has no available pods, no promotion past a failed analysis, no false weight in a status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache, partial
from typing import Any

from argosy import analysis
from argosy.analysis.ports import Answer, Measure
from argosy.apis import crds
from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource
from argosy.rollouts import controllers
from argosy.rollouts.arithmetic.limits import max_surge, max_unavailable
from argosy.rollouts.commands import changes, promote
from argosy.rollouts.resources import DESIRED_REPLICAS
from argosy.runtime.engine import Answerer, Engine
from tests.kit.analysis import value
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.replica_sets import REPLICA_SETS, ReplicaSets
from tests.kit.world import World

GROUP = "argoproj.io"
ROLLOUTS = Resource(GROUP, "v1alpha1", "rollouts", "Rollout")
RUNS = Resource(GROUP, "v1alpha1", "analysisruns", "AnalysisRun")
TEMPLATES = Resource(GROUP, "v1alpha1", "analysistemplates", "AnalysisTemplate")
EXPERIMENTS = Resource(GROUP, "v1alpha1", "experiments", "Experiment")
SERVICES = Resource("", "v1", "services", "Service")
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
HASH = "rollouts-pod-template-hash"
WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
STOOD = ("Failed", "Error", "Inconclusive")
Json = dict[str, Any]


@cache
def definitions() -> tuple[JsonObject, ...]:
    """Of this room's kinds, without their schemas, whose checking takes more time than a story."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    found = []
    for crd in crds("rollouts"):
        versions = [{**version, "schema": schema} for version in crd["spec"]["versions"]]
        found.append({**crd, "spec": {**crd["spec"], "versions": versions}})
    return tuple(found)


class SharedEngine(Engine):
    def replicas_changed(self) -> None:
        self.wake_all()


def image_of(obj: JsonObject | None) -> str:
    spec = ((obj or {}).get("spec") or {}).get("template") or {}
    return str(((spec.get("spec") or {}).get("containers") or [{}])[0].get("image") or "")


class RolloutStory(Story):
    """One Rollout, `web`, and the objects around it."""

    quiet = timedelta(minutes=5)
    failing: frozenset[str] = frozenset()
    """Images whose metric is bad."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.mended = False
        """Whether the bad metric is good again."""

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        return definitions()

    def prepare(self) -> None:
        for resource in (ROLLOUTS, RUNS, EXPERIMENTS, SERVICES, INGRESSES, REPLICA_SETS):
            self.world.caches.cache(resource)
        self.pods = ReplicaSets(self.world)
        self.world.pass_time(1)

    def start(self, process: Process) -> Part:
        return SharedEngine(
            process.client,
            process.caches,
            process.clock,
            process.rng,
            (*controllers(), *analysis.controllers()),
            {Measure: Answerer(answer=self.measure)},
            owns=lambda controller, key: process.owns(key),
        )

    async def measure(self, question: Measure) -> Answer:
        bad = image_of(self.get(ROLLOUTS, "web")) in self.failing and not self.mended
        return value(0.0 if bad else 1.0)

    # -- what users do -------------------------------------------------------------------------------------------------

    def deploy(self, strategy: Json, replicas: int = 4) -> None:
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "app:v1"}]},
        }
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        manifest = {
            "apiVersion": f"{GROUP}/v1alpha1",
            "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "default"},
        }
        self.create(ROLLOUTS, {**manifest, "spec": {**spec, "strategy": strategy}})

    def service(self, name: str) -> None:
        spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        self.create(
            SERVICES,
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec},
        )

    def ingress(self) -> None:
        backend = {"service": {"name": "stable", "port": {"number": 80}}}
        spec = {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}
        manifest = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "stable", "namespace": "default"},
        }
        self.create(INGRESSES, {**manifest, "spec": spec})

    def template(self, *, interval: bool) -> None:
        metric: Json = {"name": "m", "successCondition": "result > 0.9", "provider": {"web": {"url": "http://m/"}}}
        metric |= {"interval": "5s"} if interval else {"count": 1}
        name = "background" if interval else "check"
        manifest = {
            "apiVersion": f"{GROUP}/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": {"name": name, "namespace": "default"},
        }
        self.create(TEMPLATES, {**manifest, "spec": {"metrics": [metric]}})

    def image(self, image: str) -> None:
        containers = [{"name": "app", "image": image}]
        self.patch(ROLLOUTS, "web", {"spec": {"template": {"spec": {"containers": containers}}}})

    def status(self, patch: Json) -> None:
        body = {"status": patch.get("status", patch)}
        write = self.world.client.patch(ROLLOUTS, "web", "default", body, PatchType.MERGE, subresource="status")
        self.world.run(write)

    def promote(self) -> None:
        found = promote.promote_patches(read(Rollout, self.rollout()))
        if found.status is not None:
            self.status(found.status)

    # -- what they see -------------------------------------------------------------------------------------------------

    def rollout(self) -> JsonObject:
        return self.get(ROLLOUTS, "web") or {"metadata": {}, "spec": {"template": {}, "strategy": {}}}

    def sets(self) -> list[ReplicaSet]:
        uid = self.rollout()["metadata"].get("uid")
        found = [read(ReplicaSet, obj) for obj in self.list(REPLICA_SETS, "default")]
        return [one for one in found if any(o["uid"] == uid for o in one.raw["metadata"].get("ownerReferences") or ())]

    def is_(self, phase: str, image: str, **status: Any) -> bool:
        rollout = self.rollout()
        found = rollout.get("status") or {}
        seen = found.get("observedGeneration") == str(rollout["metadata"].get("generation"))
        current = self.images().get(str(found.get("currentPodHash")))
        told = all(found.get(name) == wanted for name, wanted in status.items())
        return seen and found.get("phase") == phase and current == image and told

    def images(self) -> dict[str, str]:
        return {one.labels.get(HASH, ""): image_of(one.raw) for one in self.sets()}

    def outcome(self) -> object:
        status, images = self.rollout().get("status") or {}, self.images()
        weights = (status.get("canary") or {}).get("weights") or {}
        return {
            "phase": status.get("phase"),
            "message": status.get("message"),
            "step": status.get("currentStepIndex"),
            "stable": images.get(str(status.get("stableRS"))),
            "pods": {image_of(one.raw): one.replicas for one in self.sets()},
            "services": {
                obj["metadata"]["name"]: images.get(self.target(obj), "") for obj in self.list(SERVICES, "default")
            },
            "weight": (weights.get("canary") or {}).get("weight"),
            "routed": self.weight(),
            "runs": sorted(
                f"{(obj['metadata'].get('labels') or {}).get('rollout-type')} {(obj.get('status') or {}).get('phase')}"
                for obj in self.list(RUNS, "default")
            ),
            "experiments": sorted(
                str((obj.get("status") or {}).get("phase")) for obj in self.list(EXPERIMENTS, "default")
            ),
        }

    def target(self, service: JsonObject) -> str:
        return str((service["spec"].get("selector") or {}).get(HASH) or "")

    def weight(self) -> int:
        found = self.get(INGRESSES, "web-stable-canary") or {"metadata": {}}
        return int((found["metadata"].get("annotations") or {}).get(WEIGHT) or 0)

    # -- what no write may do ------------------------------------------------------------------------------------------

    def wrong(self, write: Committed) -> Iterable[str]:
        plural = write.write.resource.plural
        if plural == "replicasets" and write.after is not None:
            yield from self._sized(write)
        if plural == "rollouts" and write.after is not None:
            yield from self._promoted(write)
            yield from self._told(write)
        if plural in ("ingresses", "services", "replicasets"):
            yield from self._routed()

    def _now(self, write: Committed, *, before: bool) -> list[ReplicaSet]:
        """All as they were before, or are after this write: the cache may show the one or the other."""
        obj = write.before if before else write.after
        rest = [one for one in self.sets() if one.name != write.write.key.name]
        return [*rest, read(ReplicaSet, obj)] if obj is not None else rest

    def _sized(self, write: Committed) -> Iterable[str]:
        rollout = self._as_decided(write)
        canary = rollout.spec.strategy.canary
        if canary is None or canary.traffic_routing is not None:
            return
        before, after = self._now(write, before=True), self._now(write, before=False)
        pods = sum(one.replicas for one in after)
        if pods > sum(one.replicas for one in before) and pods > rollout.replicas + max_surge(rollout):
            yield f"{pods} pods are more than {rollout.replicas} and maxSurge {max_surge(rollout)}"
        kept = [sum(min(one.replicas, one.available) for one in found) for found in (before, after)]
        floor = rollout.replicas - max_unavailable(rollout)
        if kept[1] < min(kept[0], floor):
            yield f"{kept[1]} available pods are kept of {kept[0]}, where {floor} must be"

    def _as_decided(self, write: Committed) -> Rollout:
        """With the spec.replicas that the ReplicaSet notes of its sizing: nobody can heed an edit that is not seen yet.

        That it is heeded in the end, the outcome shows.
        """
        rollout = self.rollout()
        noted = ((write.after or {})["metadata"].get("annotations") or {}).get(DESIRED_REPLICAS)
        seen = int(noted) if noted else rollout["spec"].get("replicas", 1)
        return read(Rollout, {**rollout, "spec": {**rollout["spec"], "replicas": seen}})

    def _promoted(self, write: Committed) -> Iterable[str]:
        """Not while its own analysis has failed; a retry has runs of its own."""
        status = (write.after or {}).get("status") or {}
        stable = str(status.get("stableRS") or "")
        if not stable or not write.became("status", "stableRS"):
            return
        if self.images().get(stable) in self.failing and not self.mended:
            yield f"{self.images()[stable]} was promoted, and its analysis fails"

    def _told(self, write: Committed) -> Iterable[str]:
        weights = (((write.after or {}).get("status") or {}).get("canary") or {}).get("weights")
        if weights is None or not write.became("status", "canary", "weights"):
            return
        if (told := weights["canary"]["weight"]) != (fact := self._fresh_weight()):
            yield f"weight {told} is told, and {fact} is set"

    def _fresh_weight(self) -> int:
        entry = self.world.cluster.reader.get("networking.k8s.io", "ingresses", "default", "web-stable-canary")
        obj = getattr(entry, "obj", entry) or {"metadata": {}}
        return int((obj["metadata"].get("annotations") or {}).get(WEIGHT) or 0)

    def _routed(self) -> Iterable[str]:
        """What traffic leads to has pods: the stable or active Service always, the canary one by its weight."""
        available = {one.labels.get(HASH, ""): min(one.replicas, one.available) for one in self._stored_sets()}
        for name in ("stable", "active", "canary"):
            if name == "canary" and not self._fresh_weight():
                continue
            entry = self.world.cluster.reader.get("", "services", "default", name)
            obj = getattr(entry, "obj", entry)
            if obj is not None and (pod_hash := self.target(obj)) and not available.get(pod_hash):
                yield f"Service {name} leads to {self.images().get(pod_hash, pod_hash)}, which has no available pods"

    def _stored_sets(self) -> Iterable[ReplicaSet]:
        for one in self.sets():
            entry = self.world.cluster.reader.get("apps", "replicasets", "default", one.name)
            obj = getattr(entry, "obj", entry)
            if obj is not None:
                yield read(ReplicaSet, obj)


class Canary(RolloutStory):
    """An update by weight and pause; it is scaled in the middle of it."""

    name = "canary"

    def steps(self) -> Iterable[Step]:
        pauses = [{"setWeight": 25}, {"pause": {"duration": 20}}, {"setWeight": 60}, {"pause": {"duration": 20}}]
        yield partial(self.deploy, {"canary": {"maxSurge": 1, "maxUnavailable": 1, "steps": pauses}})
        yield lambda: self.is_("Healthy", "app:v1")
        yield partial(self.image, "app:v2")
        yield lambda: self.is_("Paused", "app:v2")
        yield partial(self.patch, ROLLOUTS, "web", {"spec": {"replicas": 6}})
        yield lambda: self.is_("Healthy", "app:v2")


class Traffic(RolloutStory):
    """A canary behind a router; it is aborted by its user, retried and promoted by hand."""

    name = "traffic"

    def steps(self) -> Iterable[Step]:
        for name in ("stable", "canary"):
            yield partial(self.service, name)
        yield self.ingress
        routing = {"nginx": {"stableIngress": "stable"}}
        steps = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": 10}}]
        services = {"stableService": "stable", "canaryService": "canary"}
        yield partial(self.deploy, {"canary": {**services, "trafficRouting": routing, "steps": steps}})
        yield lambda: self.is_("Healthy", "app:v1")
        yield partial(self.image, "app:v2")
        yield lambda: self.is_("Paused", "app:v2", currentStepIndex=1)
        yield partial(self.status, changes.ABORT)
        yield lambda: self.is_("Degraded", "app:v2", currentStepIndex=0) and self.weight() == 0
        yield partial(self.status, changes.RETRY)
        yield lambda: self.is_("Paused", "app:v2", currentStepIndex=1)
        yield self.promote
        yield lambda: self.is_("Healthy", "app:v2")


class BlueGreen(RolloutStory):
    """An update with a pause, back to the version before while its pods are there, and another update."""

    name = "blue-green"

    def steps(self) -> Iterable[Step]:
        for name in ("active", "preview"):
            yield partial(self.service, name)
        strategy = {"activeService": "active", "previewService": "preview", "autoPromotionSeconds": 20}
        yield partial(self.deploy, {"blueGreen": {**strategy, "scaleDownDelaySeconds": 60}})
        yield lambda: self.is_("Healthy", "app:v1")
        yield partial(self.image, "app:v2")
        yield lambda: self.is_("Healthy", "app:v2")
        yield partial(self.image, "app:v1")
        yield lambda: self.is_("Healthy", "app:v1")
        yield partial(self.image, "app:v3")
        yield lambda: self.is_("Healthy", "app:v3")


class Analysed(RolloutStory):
    """Analyses of steps and in the background: one version fails and stays out, the next one passes."""

    name = "analysed"
    failing = frozenset({"app:v2"})

    def steps(self) -> Iterable[Step]:
        yield partial(self.template, interval=True)
        yield partial(self.template, interval=False)
        check = {"analysis": {"templates": [{"templateName": "check"}]}}
        steps = [{"setWeight": 25}, check, {"setWeight": 50}, {"pause": {"duration": 20}}]
        background = {"templates": [{"templateName": "background"}], "startingStep": 2}
        yield partial(
            self.deploy, {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": steps, "analysis": background}}
        )
        yield lambda: self.is_("Healthy", "app:v1")
        yield partial(self.image, "app:v2")
        yield lambda: self.is_("Degraded", "app:v2", abort=True)
        yield partial(self.image, "app:v3")
        yield lambda: self.is_("Healthy", "app:v3")


class Experimented(RolloutStory):
    """A step that is an Experiment with its own pods and an analysis; a failed one aborts, the retry passes."""

    name = "experimented"
    failing = frozenset({"app:v2"})

    def steps(self) -> Iterable[Step]:
        yield partial(self.template, interval=False)
        templates = [{"name": "base", "specRef": "stable"}, {"name": "cand", "specRef": "canary"}]
        checked = [{"name": "check", "templateName": "check", "requiredForCompletion": True}]
        steps = [{"experiment": {"templates": templates, "analyses": checked}}, {"setWeight": 50}]
        yield partial(self.deploy, {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": steps}}, 2)
        yield lambda: self.is_("Healthy", "app:v1")
        yield partial(self.image, "app:v2")
        yield lambda: self.is_("Degraded", "app:v2", abort=True)
        yield self.mend
        yield partial(self.status, changes.RETRY)
        yield lambda: self.is_("Healthy", "app:v2")

    def mend(self) -> None:
        self.mended = True


STORIES: tuple[type[Story], ...] = (Canary, Traffic, BlueGreen, Analysed, Experimented)
