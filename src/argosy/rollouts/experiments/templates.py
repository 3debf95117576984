"""One template: its ReplicaSet, its Service and its status. Section 12."""

from __future__ import annotations

from datetime import timedelta

from argosy.apis.kubernetes.scalars import Mismatch
from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts.experiment import TemplateSpec
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import create, delete, merge
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.experiments.look import service_name
from argosy.rollouts.experiments.rules import (
    DELAY_SECONDS,
    TEMPLATES_FINAL,
    ends_at,
    named,
    progress_seconds,
    size_of,
    wanted_size,
)
from argosy.rollouts.experiments.turn import Turn, owner_reference
from argosy.rollouts.refusals import is_final
from argosy.rollouts.resources import EXPERIMENT_NAME, HASH_LABEL, SCALE_DOWN_DEADLINE, TEMPLATE_NAME
from argosy.rollouts.revisions.annotations import deadline_of, has_deadline
from argosy.rollouts.revisions.hashing import pod_template_hash

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


def sync_template(turn: Turn, template: TemplateSpec) -> None:
    stored = (turn.experiment.raw.get("status") or {}).get("templateStatuses") or ()
    before = named(stored, template.name) or {"name": template.name}
    status = dict(before)
    wanted = wanted_size(turn.experiment, template)
    found = turn.seen.sets.get(template.name)
    if found is None:
        _make_set(turn, template, status)
    else:
        _sync_service(turn, template, found, wanted, status)
        if _must_start_over(turn, before, found, wanted) or _scale(turn, template, found, wanted):
            status["lastTransitionTime"] = turn.stamp
    _count(status, found)
    if any(int(before.get(name) or 0) != status[name] for name in COUNTS):
        status["lastTransitionTime"] = turn.stamp
    if status.get("status") not in TEMPLATES_FINAL:
        _judge(turn, template, wanted, status)
    if before.get("status") != status.get("status"):
        _report(turn, str(before.get("status") or ""), status)
    turn.put("templateStatuses", status)


def _must_start_over(turn: Turn, before: JsonObject, found: ReplicaSet, wanted: int) -> bool:
    """The deadline restarts for pods that are created late, since no controller ran. This is recorded before they are
    created: afterwards a late start could not be distinguished from pods that never become available.
    """
    if found.replicas >= wanted or not before.get("lastTransitionTime"):
        return False
    waited = turn.now - timestamps.parse(before["lastTransitionTime"])
    return waited > timedelta(seconds=progress_seconds(turn.experiment)) / 2 and before.get("status") == "Progressing"


def _count(status: JsonObject, found: ReplicaSet | None) -> None:
    seen = found.status if found is not None else None
    status["replicas"] = status["updatedReplicas"] = seen.replicas if seen is not None else 0
    status["readyReplicas"] = seen.ready_replicas if seen is not None else 0
    status["availableReplicas"] = seen.available_replicas if seen is not None else 0


def _judge(turn: Turn, template: TemplateSpec, wanted: int, status: JsonObject) -> None:
    end = ends_at(turn.experiment)
    if wanted == status["availableReplicas"]:
        passed = end is not None and end <= turn.now
        status["status"] = "Successful" if passed or turn.is_terminating else "Running"
        return
    seconds = progress_seconds(turn.experiment)
    since = timestamps.parse(status["lastTransitionTime"]) if status.get("lastTransitionTime") else turn.now
    deadline = since + timedelta(seconds=seconds)
    if deadline < turn.now or (deadline == turn.now and seconds > 0):
        status["status"] = "Failed"
        status["message"] = f"Template '{template.name}' exceeded its progressDeadlineSeconds ({seconds})"
    elif turn.is_terminating:
        status["status"] = "Successful"
    else:
        status["status"] = "Progressing"
        turn.wake(deadline)


def _report(turn: Turn, before: str, status: JsonObject) -> None:
    text = f"Template '{status['name']}' transitioned from {before} -> {status['status']}"
    if status.get("message"):
        text += f": {status['message']}"
    turn.event(f"Template{status['status']}", text, "Warning" if status["status"] in ("Failed", "Error") else "Normal")


def _make_set(turn: Turn, template: TemplateSpec, status: JsonObject) -> None:
    """Created without pods; if the name is taken, the template waits until its deadline."""
    if template.name in turn.seen.namesakes:
        return
    refusal, name = turn.seen.refusal, f"{turn.experiment.name}-{template.name}"
    if refusal is not None and refusal.write.key.name == name and is_final(refusal):
        _cannot_make(turn, template, status, refusal.message)
        return
    try:
        made = replica_set(turn, template)
    except Mismatch as error:  # the CRD does not validate everything in a pod template
        _cannot_make(turn, template, status, str(error))
        return
    turn.steps.append(create(ReplicaSet, made))
    status["lastTransitionTime"] = turn.stamp


def _cannot_make(turn: Turn, template: TemplateSpec, status: JsonObject, why: str) -> None:
    status["status"] = "Error"
    status["message"] = f"Failed to create ReplicaSet for template '{template.name}': {why}"
    name = f"{turn.experiment.name}-{template.name}"
    turn.event("ReplicaSetCreateError", f'Failed to create new replica set "{name}": {why}')


def replica_set(turn: Turn, template: TemplateSpec) -> JsonObject:
    """Raises Mismatch if the template is not a valid pod template."""
    experiment = turn.experiment
    given = template.template or {}
    labels = dict((given.get("metadata") or {}).get("labels") or {})
    labels.pop(HASH_LABEL, None)
    plain = {**given, "metadata": {**(given.get("metadata") or {}), "labels": labels}}
    count = next(
        (one.collision_count for one in experiment.status.template_statuses if one.name == template.name), None
    )
    pod_hash = pod_template_hash(plain, count)
    labels = {**labels, HASH_LABEL: pod_hash}
    selector = template.selector or {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{experiment.name}-{template.name}",
            "namespace": experiment.namespace,
            "labels": labels,
            "annotations": {EXPERIMENT_NAME: experiment.name, TEMPLATE_NAME: template.name},
            "ownerReferences": [owner_reference(experiment)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": template.min_ready_seconds,
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: pod_hash}},
            "template": {**plain, "metadata": {**plain["metadata"], "labels": labels}},
        },
    }


def _sync_service(turn: Turn, template: TemplateSpec, found: ReplicaSet, wanted: int, status: JsonObject) -> None:
    """Exists while pods are wanted; afterwards it is deleted with the last of them."""
    service = turn.seen.services.get(template.name)
    if template.service is None or (wanted == 0 and found.status.available_replicas == 0):
        if service is not None:
            turn.steps.append(delete(Service, service, exact=False))
            status.pop("serviceName", None)
            status.pop("podTemplateHash", None)
        return
    ports = _ports(found)
    if wanted == 0 or not ports:
        return
    name = service_name(turn.experiment, template.name)
    if service is None:
        if name in turn.seen.foreign_services:
            status["status"] = "Error"
            status["message"] = (
                f"Failed to create Service {name} for template '{template.name}': service {name} already exists and is "
                f"not owned by experiment template {template.name}"
            )
            return
        turn.steps.append(create(Service, _service(turn, template.name, name, found, ports)))
    status["serviceName"] = service.metadata.name if service is not None else name
    status["podTemplateHash"] = pod_hash_of(found)


def _ports(found: ReplicaSet) -> list[JsonObject]:
    ports = []
    for container in (found.template.get("spec") or {}).get("containers") or ():
        for port in container.get("ports") or ():
            number = port.get("containerPort")
            made = {"protocol": port.get("protocol"), "port": number, "targetPort": number, "name": port.get("name")}
            ports.append({name: value for name, value in made.items() if value})
    return ports


def _service(turn: Turn, template: str, name: str, found: ReplicaSet, ports: list[JsonObject]) -> JsonObject:
    experiment = turn.experiment
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": experiment.namespace,
            "annotations": {EXPERIMENT_NAME: experiment.name, TEMPLATE_NAME: template},
            "ownerReferences": [owner_reference(experiment)],
        },
        "spec": {"selector": dict(found.labels), "ports": ports},
    }


def _scale(turn: Turn, template: TemplateSpec, found: ReplicaSet, wanted: int) -> bool:
    """Whether the size changed. A scale-down waits for its delay first."""
    given = turn.experiment.spec.scale_down_delay_seconds
    delay = DELAY_SECONDS if given is None else given
    size = wanted
    if wanted == 0:
        deadline = deadline_of(found)
        if delay and not has_deadline(found):
            deadline = turn.now.replace(microsecond=0) + timedelta(seconds=delay)
            _annotate(turn, found, timestamps.seconds(deadline))
        elif not delay and has_deadline(found):
            deadline = None
            _annotate(turn, found, None)
        if deadline is not None and deadline > turn.now:
            turn.wake(deadline)
            size = size_of(template) if found.replicas else 0
    if found.replicas == size:
        return False
    wrote = any(getattr(step, "key", None) == (turn.experiment.namespace, found.name) for step in turn.steps)
    turn.steps.append(merge(ReplicaSet, found, {"spec": {"replicas": size}}, exact=not wrote))
    direction = "up" if found.replicas < size else "down"
    turn.event("ScalingReplicaSet", f"Scaled {direction} ReplicaSet {found.name} from {found.replicas} to {size}")
    return True


def _annotate(turn: Turn, found: ReplicaSet, deadline: str | None) -> None:
    turn.steps.append(merge(ReplicaSet, found, {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: deadline}}}))
