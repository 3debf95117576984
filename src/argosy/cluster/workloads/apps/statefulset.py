"""StatefulSet: Pods with names and claims of their own, one after another (kinds sheet 5.3).

Kept from upstream: a broken revision blocks OrderedReady even after a fix, until the bad Pod is deleted by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from argosy.cluster.workloads.apps import revisions
from argosy.cluster.workloads.apps.adoption import adopted, orphans_of
from argosy.cluster.workloads.decision import (
    Controller,
    Decision,
    Event,
    Step,
    create,
    delete,
    with_status,
)
from argosy.cluster.workloads.matching import itself, owner_or_adopter
from argosy.cluster.workloads.pods import (
    FINISHED,
    from_template,
    is_available,
    is_deleting,
    is_ready,
    next_available,
    percent_of,
    phase,
)
from argosy.cluster.workloads.storage.claims import claim_names, claim_owners, goes_with_the_set, reference_to_set
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

INDEX, POD_NAME = "apps.kubernetes.io/pod-index", "statefulset.kubernetes.io/pod-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    owner: JsonObject
    pods: dict[int, JsonObject]
    """By ordinal."""
    revisions: tuple[JsonObject, ...]
    orphans: tuple[JsonObject, ...]
    """Pods and revisions to adopt."""
    taken: bool
    """The name of the next revision belongs to another object."""
    claims: dict[str, JsonObject]
    """By name: the claims that belong to this set's templates, for its Pods and the next ones."""
    most: int
    """Maximum Pods of one owner in the simulation."""


def look(view: View, key: Key) -> Seen | None:
    owner = view.get("statefulsets", key)
    if owner is None:
        return None
    pods = {ordinal: pod for pod in view.owned("pods", owner) if (ordinal := _ordinal_of(pod, key.name)) is not None}
    claims = {}
    for ordinal in {*pods, *_wanted(owner, view.pods_per_owner)} if owner["spec"].get("volumeClaimTemplates") else ():
        for name in claim_names(owner, ordinal):
            claim = view.get("persistentvolumeclaims", Key(key.namespace, name))
            if claim is not None:
                claims[name] = claim
    return Seen(
        owner=owner,
        pods=dict(sorted(pods.items())),
        revisions=tuple(view.owned("controllerrevisions", owner)),
        orphans=_orphans(view, owner),
        taken=revisions.is_taken(view, owner),
        claims=claims,
        most=view.pods_per_owner,
    )


def _ordinal_of(pod: JsonObject, owner: str) -> int | None:
    """None for a Pod whose name does not belong to this set."""
    head, _, tail = str(pod["metadata"]["name"]).rpartition("-")
    return int(tail) if head == owner and tail.isdigit() else None


def _orphans(view: View, owner: JsonObject) -> tuple[JsonObject, ...]:
    selector, name = owner["spec"]["selector"], owner["metadata"]["name"]
    pods = orphans_of(view, "pods", owner, selector, lambda pod: _ordinal_of(pod, name) is not None)
    return (*revisions.orphans(view, owner), *pods)


def _ordinals(owner: JsonObject) -> range:
    start = (owner["spec"].get("ordinals") or {}).get("start") or 0
    replicas = owner["spec"].get("replicas")
    return range(start, start + (1 if replicas is None else replicas))


def _wanted(owner: JsonObject, most: int) -> range:
    """The ordinals for which the simulation creates Pods."""
    return _ordinals(owner)[:most]


def decide(seen: Seen, now: datetime) -> Decision:
    if is_deleting(seen.owner):
        return Decision()
    if seen.orphans:
        return Decision(tuple(adopted(orphan, seen.owner) for orphan in seen.orphans))
    update, first = revisions.wanted(seen.owner, seen.revisions, taken=seen.taken)
    if first is not None or update is None:
        return Decision((first,) if first is not None else ())
    sync = _Sync(seen, now, update)
    sync.act()
    return sync.decision()


@dataclass(slots=True)
class _Sync:
    seen: Seen
    now: datetime
    update: JsonObject
    steps: list[Step] = field(default_factory=list)
    made: int = 0

    @property
    def _spec(self) -> JsonObject:
        return dict(self.seen.owner["spec"])

    @property
    def _current_name(self) -> str:
        name = (self.seen.owner.get("status") or {}).get("currentRevision")
        known = {item["metadata"]["name"] for item in self.seen.revisions}
        return str(name) if name in known else str(self.update["metadata"]["name"])

    @property
    def _update_name(self) -> str:
        return str(self.update["metadata"]["name"])

    def act(self) -> None:
        """One step with OrderedReady, all at once with Parallel."""
        self.steps += claim_owners(self.seen.owner, self.seen.pods, self.seen.claims, _ordinals(self.seen.owner))
        parallel = self._spec.get("podManagementPolicy") == "Parallel"
        for ordinal in _wanted(self.seen.owner, self.seen.most):
            if self._settle(ordinal) and not parallel:
                return
        if self._scale_down(parallel=parallel) and not parallel:
            return
        self._roll()

    def _settle(self, ordinal: int) -> bool:
        """Whether this ordinal is not healthy yet, so that later ones must wait."""
        pod = self.seen.pods.get(ordinal)
        if pod is None:
            self._create(ordinal)
            return True
        if phase(pod) in FINISHED and not is_deleting(pod):
            self._delete(pod)
            return True
        return is_deleting(pod) or not self._is_available(pod)

    def _is_available(self, pod: JsonObject) -> bool:
        return is_available(pod, self._spec.get("minReadySeconds") or 0, self.now)

    def _scale_down(self, *, parallel: bool) -> bool:
        wanted = _ordinals(self.seen.owner)
        condemned = [pod for ordinal, pod in self.seen.pods.items() if ordinal not in wanted]
        for pod in reversed(condemned):
            if not is_deleting(pod):
                self._delete(pod)
            if not parallel:
                return True
        return bool(condemned)

    def _roll(self) -> None:
        strategy = self._spec.get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        rolling, wanted = strategy.get("rollingUpdate") or {}, _ordinals(self.seen.owner)
        allowed = max(1, percent_of(rolling.get("maxUnavailable") or 1, len(wanted), up=True))
        lowest = wanted.start + (rolling.get("partition") or 0)
        pods = [(ordinal, pod) for ordinal, pod in self.seen.pods.items() if ordinal in wanted]
        unavailable = sum(is_deleting(pod) or not self._is_available(pod) for _, pod in pods)
        for ordinal, pod in reversed(pods):
            if ordinal < lowest or unavailable >= allowed:
                return
            if _revision_of(pod) != self._update_name and not is_deleting(pod):
                self._delete(pod)
                unavailable += 1

    # -- Pods --------------------------------------------------------------------------------------------------------

    def _create(self, ordinal: int) -> None:
        owner, name = self.seen.owner, self.seen.owner["metadata"]["name"]
        pod_name = f"{name}-{ordinal}"
        revision = self._revision_for(ordinal)
        pod = from_template(owner, revisions.template_in(revision), pod_name)
        own = {INDEX: str(ordinal), POD_NAME: pod_name, revisions.LABEL: revision["metadata"]["name"]}
        pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), **own}
        spec = {**pod["spec"], "hostname": pod_name}
        if owner["spec"].get("serviceName"):
            spec["subdomain"] = owner["spec"]["serviceName"]
        claims = [self._claim(template, ordinal) for template in owner["spec"].get("volumeClaimTemplates") or ()]
        if claims:
            own_names = {name for name, _ in claims}
            kept = [volume for volume in spec.get("volumes") or () if volume["name"] not in own_names]
            mounted = [{"name": name, "persistentVolumeClaim": {"claimName": claim}} for name, claim in claims]
            spec["volumes"] = [*mounted, *kept]
        pod["spec"] = spec
        self.steps.append(create(pod))
        self._record_event("SuccessfulCreate", f"Create Pod {pod_name} in StatefulSet {name} successful")
        self.made += 1

    def _revision_for(self, ordinal: int) -> JsonObject:
        """Below the partition Pods are re-created from the current revision."""
        rolling = (self._spec.get("updateStrategy") or {}).get("rollingUpdate") or {}
        lowest = _ordinals(self.seen.owner).start + (rolling.get("partition") or 0)
        if ordinal >= lowest:
            return self.update
        name = self._current_name
        return next(item for item in self.seen.revisions if item["metadata"]["name"] == name)

    def _claim(self, template: JsonObject, ordinal: int) -> tuple[str, str]:
        owner = self.seen.owner
        name = f"{template['metadata']['name']}-{owner['metadata']['name']}-{ordinal}"
        if name not in self.seen.claims:
            labels = {
                **(template["metadata"].get("labels") or {}),
                **(owner["spec"]["selector"].get("matchLabels") or {}),
            }
            metadata: JsonObject = {"name": name, "namespace": owner["metadata"]["namespace"], "labels": labels}
            if goes_with_the_set(owner):
                metadata["ownerReferences"] = [reference_to_set(owner)]
            claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
            self.steps.append(create({**claim, "spec": template["spec"]}))
            text = f"Create Claim {name} Pod {owner['metadata']['name']}-{ordinal} in StatefulSet"
            self._record_event("SuccessfulCreate", f"{text} {owner['metadata']['name']} success")
        return template["metadata"]["name"], name

    def _delete(self, pod: JsonObject) -> None:
        name = self.seen.owner["metadata"]["name"]
        self.steps.append(delete(pod))
        self._record_event("SuccessfulDelete", f"Delete Pod {pod['metadata']['name']} in StatefulSet {name} successful")

    def _record_event(self, reason: str, message: str) -> None:
        component = "statefulset-controller"
        self.steps.append(Event(about=self.seen.owner, reason=reason, message=message, component=component))

    # -- status ------------------------------------------------------------------------------------------------------

    def decision(self) -> Decision:
        status = self._status()
        if status != (self.seen.owner.get("status") or {}):
            self.steps.append(with_status(self.seen.owner, status))
        live = {self._current_name, self._update_name, *map(_revision_of, self.seen.pods.values())}
        self.steps += revisions.surplus(self.seen.owner, self.seen.revisions, live)
        minimum = self._spec.get("minReadySeconds") or 0
        return Decision(tuple(self.steps), next_available(self.seen.pods.values(), minimum, self.now))

    def _status(self) -> JsonObject:
        pods = list(self.seen.pods.values())
        current, update = self._current_name, self._update_name
        alive = [pod for pod in pods if not is_deleting(pod)]
        counts = {
            "observedGeneration": self.seen.owner["metadata"].get("generation") or 0,
            "replicas": len(pods),
            "readyReplicas": sum(map(is_ready, pods)),
            "currentReplicas": sum(_revision_of(pod) == current for pod in alive),
            "updatedReplicas": sum(_revision_of(pod) == update for pod in alive),
        }
        available = sum(map(self._is_available, pods))
        done = (
            len(alive)
            == len(pods)
            == counts["updatedReplicas"]
            == counts["readyReplicas"]
            == len(_ordinals(self.seen.owner))
        )
        if done:
            current, counts["currentReplicas"] = update, counts["updatedReplicas"]
        status: JsonObject = {name: count for name, count in counts.items() if count or name == "replicas"}
        status |= {"currentRevision": current, "updateRevision": update, "availableReplicas": available}
        status["collisionCount"] = (self.seen.owner.get("status") or {}).get("collisionCount") or 0
        return status


def _revision_of(pod: JsonObject) -> str:
    return str((pod["metadata"].get("labels") or {}).get(revisions.LABEL, ""))


CONTROLLER = Controller(
    name="statefulset",
    look=look,
    decide=decide,
    routes={
        "statefulsets": itself,
        "pods": owner_or_adopter("StatefulSet", "statefulsets"),
        "controllerrevisions": owner_or_adopter("StatefulSet", "statefulsets"),
    },
)
