"""Deployment: which ReplicaSets exist, and how many Pods each may have (kinds sheet 5.1).

Owns the Deployment's status and revision annotation, and its ReplicaSets' existence, size and annotations. One step at
a time: the next commit of a ReplicaSet triggers the next step. `rollout_arithmetic.py` has the numbers,
`deployment_status.py` the conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.apps import deployment_status as reported
from argosy.cluster.workloads.apps import rollout_arithmetic as arithmetic
from argosy.cluster.workloads.apps.adoption import adopted, orphans_of
from argosy.cluster.workloads.decision import (
    NOTHING,
    Controller,
    Decision,
    Event,
    Step,
    create,
    delete,
    update,
    with_status,
)
from argosy.cluster.workloads.matching import itself, owner_of_kind, owner_or_adopter, reference_to
from argosy.cluster.workloads.pods import FINISHED, phase, template_hash
from argosy.cluster.workloads.view import View, controller_of
from argosy.machinery.objects import JsonObject, Key

PREFIX = "deployment.kubernetes.io/"
REVISION, HISTORY = f"{PREFIX}revision", f"{PREFIX}revision-history"
HASH = "pod-template-hash"
_OWN_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        HISTORY,
        arithmetic.DESIRED,
        arithmetic.MAXIMUM,
        "deprecated.deployment.rollback.to",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    deployment: JsonObject
    sets: tuple[JsonObject, ...]
    """Owned ReplicaSets, oldest first."""
    orphans: tuple[JsonObject, ...]
    taken: frozenset[str]
    """Names of other ReplicaSets of the namespace."""
    pods_left: bool
    """A Pod of an old ReplicaSet still exists (for Recreate)."""


def look(view: View, key: Key) -> Seen | None:
    deployment = view.get("deployments", key)
    if deployment is None:
        return None
    sets = sorted(view.owned("replicasets", deployment), key=_age)
    own = {item["metadata"]["name"] for item in sets}
    new = new_set(deployment, sets)
    others = [item for item in sets if item is not new]
    return Seen(
        deployment=deployment,
        sets=tuple(sets),
        orphans=orphans_of(view, "replicasets", deployment, deployment["spec"]["selector"]),
        taken=frozenset(name for name in _hashed_names(deployment) if _is_taken(view, key.namespace, name, own)),
        pods_left=_recreates(deployment)
        and any(phase(pod) not in FINISHED for item in others for pod in view.owned("pods", item)),
    )


def _hashed_names(deployment: JsonObject) -> list[str]:
    collisions = (deployment.get("status") or {}).get("collisionCount")
    return [f"{deployment['metadata']['name']}-{template_hash(deployment['spec']['template'], collisions)}"]


def _is_taken(view: View, namespace: str, name: str, own: set[str]) -> bool:
    return name not in own and view.get("replicasets", Key(namespace, name)) is not None


def _age(item: JsonObject) -> tuple[str, str]:
    return (item["metadata"]["creationTimestamp"], item["metadata"]["name"])


def _recreates(deployment: JsonObject) -> bool:
    return bool((deployment["spec"].get("strategy") or {}).get("type") == "Recreate")


def new_set(deployment: JsonObject, sets: list[JsonObject] | tuple[JsonObject, ...]) -> JsonObject | None:
    """The oldest ReplicaSet whose template equals the Deployment's, ignoring pod-template-hash."""
    wanted = _without_hash(deployment["spec"]["template"])
    return next((item for item in sets if _without_hash(item["spec"]["template"]) == wanted), None)


def _without_hash(template: JsonObject) -> JsonObject:
    metadata = dict(template.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def decide(seen: Seen, now: datetime) -> Decision:
    deployment, spec = seen.deployment, seen.deployment["spec"]
    if seen.orphans:
        return Decision(tuple(adopted(orphan, deployment) for orphan in seen.orphans))
    new = new_set(deployment, seen.sets)
    rollout = _Rollout(seen, now, new, [item for item in seen.sets if item is not new])
    if deployment["metadata"].get("deletionTimestamp"):
        return rollout.only_status()
    if (paused := reported.pause_change(deployment, now)) is not None:
        return Decision((with_status(deployment, paused),))
    if spec.get("paused") or arithmetic.size_changed(spec, seen.sets):
        return rollout.scale()
    return rollout.recreate() if _recreates(deployment) else rollout.roll()


class _Rollout:
    """A decision being built: ReplicaSets as they will be after its steps."""

    def __init__(self, seen: Seen, now: datetime, new: JsonObject | None, old: list[JsonObject]) -> None:
        self.seen, self.now = seen, now
        self.deployment: JsonObject = seen.deployment
        self.spec = arithmetic.Numbers.of(seen.deployment["spec"])
        self.new, self.old = new, old
        self.steps: list[Step] = []

    @property
    def sets(self) -> list[JsonObject]:
        return [*self.old, self.new] if self.new is not None else list(self.old)

    # -- the strategies ----------------------------------------------------------------------------------------------

    def roll(self) -> Decision:
        prepared = self._prepare_new(create_it=True)
        if prepared is not None:
            return prepared
        assert self.new is not None
        wanted = arithmetic.new_set_size(self.spec, self.new, self.sets)
        if wanted != arithmetic.size(self.new):
            self._resize(self.new, wanted)
            return self._finish()
        shrunk = arithmetic.old_set_sizes(self.spec, self.new, self.old)
        for item, count in shrunk:
            self._resize(item, count)
        if not shrunk:
            self._clean_up()
        return self._finish()

    def recreate(self) -> Decision:
        prepared = self._prepare_new(create_it=False)
        if prepared is not None:
            return prepared
        busy = [item for item in self.old if arithmetic.size(item)]
        for item in busy:
            self._resize(item, 0)
        if busy or self.seen.pods_left:
            return self._finish()
        prepared = self._prepare_new(create_it=True)
        if prepared is not None:
            return prepared
        assert self.new is not None
        if arithmetic.size(self.new) != self.spec.desired:
            self._resize(self.new, self.spec.desired)
        self._clean_up()
        return self._finish()

    def scale(self) -> Decision:
        """Scaling during a rollout, or a paused Deployment: no rollout, only sizes."""
        prepared = self._prepare_new(create_it=False)
        if prepared is not None:
            return prepared
        for item, count in arithmetic.scaled(self.spec, self.new, self.old):
            self._resize(item, count)
        if self.deployment["spec"].get("paused"):
            self._clean_up()
        return self.only_status()

    # -- the new ReplicaSet ------------------------------------------------------------------------------------------

    def _prepare_new(self, *, create_it: bool) -> Decision | None:
        """A decision of its own when the new ReplicaSet must be created or annotated first."""
        revision = 1 + max((_revision(item) for item in self.old), default=0)
        if self.new is None:
            return self._create_new(revision) if create_it else None
        annotations = self._annotations(self.new, revision)
        changed = annotations != (self.new["metadata"].get("annotations") or {})
        minimum = self.deployment["spec"].get("minReadySeconds") or 0
        if changed or (self.new["spec"].get("minReadySeconds") or 0) != minimum:
            metadata = {**self.new["metadata"], "annotations": annotations}
            spec = {**self.new["spec"], "minReadySeconds": minimum}
            return Decision((update({**self.new, "metadata": metadata, "spec": spec}),))
        marked = self._mark_deployment(annotations[REVISION], None)
        return Decision((marked,)) if marked is not None else None

    def _annotations(self, item: JsonObject | None, revision: int) -> JsonObject:
        own = (self.deployment["metadata"].get("annotations") or {}).items()
        before = (item["metadata"].get("annotations") or {}) if item is not None else {}
        annotations = {**before, **{name: value for name, value in own if name not in _OWN_ANNOTATIONS}}
        previous = before.get(REVISION, "")
        if (int(previous) if previous.isdigit() else 0) < revision:
            annotations[REVISION] = str(revision)
            if previous:
                history = [*filter(None, annotations.get(HISTORY, "").split(",")), previous]
                annotations[HISTORY] = ",".join(history)
        return annotations

    def _mark_deployment(self, revision: str, made: str | None) -> Step | None:
        """The Deployment's revision, and the condition that a new ReplicaSet was created or found."""
        annotations = self.deployment["metadata"].get("annotations") or {}
        assert made is not None or self.new is not None
        name = made or (self.new or {})["metadata"]["name"]
        status = reported.with_new_set(self.deployment, name, self.now, made=made is not None)
        if annotations.get(REVISION) == revision and status == (self.deployment.get("status") or {}):
            return None
        metadata = {**self.deployment["metadata"], "annotations": {**annotations, REVISION: revision}}
        return with_status({**self.deployment, "metadata": metadata}, status)

    def _create_new(self, revision: int) -> Decision:
        deployment = self.deployment
        name = _hashed_names(deployment)[0]
        if name in self.seen.taken:
            status = dict(deployment.get("status") or {})
            status["collisionCount"] = (status.get("collisionCount") or 0) + 1
            return Decision((with_status(deployment, status),))
        made = self._made(name, revision)
        self.steps.append(create(made))
        if arithmetic.size(made):
            self._record_event(f"Scaled up replica set {name} from 0 to {arithmetic.size(made)}")
        marked = self._mark_deployment(str(revision), name)
        if marked is not None:
            self.steps.append(marked)
        return Decision(tuple(self.steps))

    def _made(self, name: str, revision: int) -> JsonObject:
        deployment, spec = self.deployment, self.deployment["spec"]
        hashed = {HASH: name.rpartition("-")[2]}
        template, selector = spec["template"], spec["selector"]
        labels = {**(template["metadata"].get("labels") or {}), **hashed}
        count = arithmetic.new_set_size(self.spec, None, self.old)
        annotations = {**self._annotations(None, revision), **arithmetic.size_annotations(self.spec)}
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": deployment["metadata"]["namespace"],
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [reference_to(deployment)],
            },
            "spec": {
                "replicas": count,
                "minReadySeconds": spec.get("minReadySeconds") or 0,
                "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **hashed}},
                "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
            },
        }

    # -- sizes, history, status --------------------------------------------------------------------------------------

    def _resize(self, item: JsonObject, count: int) -> None:
        before = arithmetic.size(item)
        annotations = {**(item["metadata"].get("annotations") or {}), **arithmetic.size_annotations(self.spec)}
        if before == count and annotations == item["metadata"].get("annotations"):
            return
        spec = {**item["spec"], "replicas": count}
        resized = {**item, "metadata": {**item["metadata"], "annotations": annotations}, "spec": spec}
        self.steps.append(update(resized))
        self.old = [resized if other is item else other for other in self.old]
        if item is self.new:
            self.new = resized
        if before != count:
            direction = "up" if count > before else "down"
            self._record_event(f"Scaled {direction} replica set {item['metadata']['name']} from {before} to {count}")

    def _record_event(self, message: str) -> None:
        component = "deployment-controller"
        self.steps.append(
            Event(about=self.deployment, reason="ScalingReplicaSet", message=message, component=component)
        )

    def _clean_up(self) -> None:
        """Deletes the oldest empty ReplicaSets beyond the history limit, once the rollout is complete."""
        limit = self.deployment["spec"].get("revisionHistoryLimit")
        if limit is None or not reported.is_complete(self.deployment, self.deployment.get("status") or {}):
            return
        alive = [item for item in self.old if not item["metadata"].get("deletionTimestamp")]
        for item in sorted(alive, key=lambda item: (_revision(item), _age(item)))[: max(0, len(alive) - limit)]:
            status = item.get("status") or {}
            observed = (status.get("observedGeneration") or 0) >= (item["metadata"].get("generation") or 0)
            if not status.get("replicas") and not arithmetic.size(item) and observed:
                self.steps.append(delete(item))

    def only_status(self) -> Decision:
        status = reported.counted(self.deployment, self.spec, self.sets, self.new, self.now)
        return self._with_status(status, None)

    def _finish(self) -> Decision:
        status, wake_at = reported.progressed(self.deployment, self.spec, self.sets, self.new, self.now)
        return self._with_status(status, wake_at)

    def _with_status(self, status: JsonObject, wake_at: datetime | None) -> Decision:
        if status != (self.deployment.get("status") or {}):
            self.steps.append(with_status(self.deployment, status))
        return Decision(tuple(self.steps), wake_at) if self.steps or wake_at else NOTHING


def _revision(item: JsonObject) -> int:
    text = (item["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdigit() else 0


CONTROLLER = Controller(
    name="deployment",
    look=look,
    decide=decide,
    routes={
        "deployments": itself,
        "replicasets": owner_or_adopter("Deployment", "deployments"),
        "pods": lambda view, pod: _recreating_owner(view, pod),
    },
)


def _recreating_owner(view: View, pod: JsonObject) -> tuple[Key, ...]:
    """Only Recreate waits for Pods themselves; everything else is derived from ReplicaSets."""
    owner = controller_of(pod)
    if owner is None or owner["kind"] != "ReplicaSet":
        return ()
    parent = view.get("replicasets", Key(pod["metadata"]["namespace"], owner["name"]))
    if parent is None:
        return ()
    found = tuple(owner_of_kind("Deployment")(view, parent))
    deployment = view.get("deployments", found[0]) if found else None
    return found if deployment is not None and _recreates(deployment) else ()
