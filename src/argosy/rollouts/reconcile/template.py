"""A Rollout with the pod template and selector of the workload that it refers to. Section 8.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import GroupKind, JsonObject, Key, Resource, group_version
from argosy.rollouts.resources import WORKLOAD_GENERATION

_KINDS: Final[Mapping[GroupKind, str]] = {
    GroupKind("apps", "Deployment"): "deployments",
    GroupKind("apps", "ReplicaSet"): "replicasets",
    GroupKind("", "PodTemplate"): "podtemplates",
    GroupKind("apps", "StatefulSet"): "statefulsets",
    GroupKind("apps", "DaemonSet"): "daemonsets",
}


@dataclass(frozen=True, slots=True)
class Resolved:
    rollout: Rollout
    workload: JsonObject | None = None
    problem: str = ""


def resolved(snapshot: Snapshot, stored: Rollout) -> Resolved:
    """The template is never written to the stored object."""
    reference = stored.spec.workload_ref
    if reference is None:
        return Resolved(stored)
    if _is_set(stored.spec.template or {}):
        return _refused(stored, "template must be empty for workload reference rollout")
    if not reference.api_version:
        return _refused(stored, "not found")
    group, version = group_version(reference.api_version)
    plural = _KINDS.get(GroupKind(group, reference.kind))
    if plural is None:
        return _refused(stored, f"workload of type {group}/{reference.kind} is not supported")
    resource = Resource(group, version, plural, reference.kind)
    workload = snapshot.object(resource, Key(stored.namespace, reference.name))
    if workload is None:
        return _refused(stored, f'{resource.qualified} "{reference.name}" not found')
    return Resolved(_with_template(stored, workload), workload)


def _is_set(template: JsonObject) -> bool:
    metadata = template.get("metadata") or {}
    containers = (template.get("spec") or {}).get("containers")
    return bool(metadata.get("labels") or metadata.get("annotations") or containers)


def _with_template(stored: Rollout, workload: JsonObject) -> Rollout:
    spec = workload.get("spec") or {}
    template = workload.get("template") if workload.get("kind") == "PodTemplate" else spec.get("template")
    selector = stored.spec.selector or spec.get("selector")
    generation = str(workload["metadata"].get("generation") or 0)
    annotations = {**stored.annotations, WORKLOAD_GENERATION: generation}
    return replace(
        stored,
        metadata=replace(stored.metadata, annotations=annotations),
        spec=replace(stored.spec, template=template or {}, selector=selector),
    )


def _refused(stored: Rollout, text: str) -> Resolved:
    return Resolved(stored, None, text)
