"""ProjectConfig, ClusterConfig and tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.faults import FieldFault
from argosy.promotion.admission.stages import steps_faults
from argosy.promotion.patterns import PatternError, name_matcher

RECEIVERS: Final = {
    "artifactory": "Artifactory",
    "azure": "Azure",
    "bitbucket": "Bitbucket",
    "dockerhub": "DockerHub",
    "generic": "Generic",
    "gitea": "Gitea",
    "github": "GitHub",
    "gitlab": "GitLab",
    "harbor": "Harbor",
    "quay": "Quay",
}


def project_config(obj: JsonObject) -> list[FieldFault]:
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    faults = []
    if metadata["name"] != metadata["namespace"]:
        message = f'name "{metadata["name"]}" must match project name "{metadata["namespace"]}"'
        faults.append(FieldFault("metadata.name", message, metadata["name"]))
    return [*faults, *_policies(spec.get("promotionPolicies") or []), *_receivers(spec)]


def cluster_config(obj: JsonObject) -> list[FieldFault]:
    name = obj["metadata"]["name"]
    faults = [] if name == "cluster" else [FieldFault("metadata.name", f'name "{name}" must be "cluster"', name)]
    return [*faults, *_receivers(obj.get("spec") or {})]


def task(obj: JsonObject) -> list[FieldFault]:
    return list(steps_faults(obj["spec"].get("steps") or [], "spec.steps"))


def _policies(policies: list[JsonObject]) -> Iterator[FieldFault]:
    seen: dict[str, int] = {}
    for index, policy in enumerate(policies):
        path = f"spec.promotionPolicies[{index}]"
        stage = policy.get("stage") or ""
        pattern = (policy.get("stageSelector") or {}).get("name") or ""
        if pattern:
            try:
                name_matcher(pattern)
            except PatternError as error:
                yield FieldFault(f"{path}.stageSelector.name", str(error), pattern)
        name = stage or (pattern if ":" not in pattern else "")
        if name and name in seen:
            yield FieldFault(path, f"stage name already defined at spec.promotionPolicies[{seen[name]}]", name)
        elif name:
            seen[name] = index


def _receivers(spec: JsonObject) -> Iterator[FieldFault]:
    seen: dict[str, int] = {}
    for index, receiver in enumerate(spec.get("webhookReceivers") or ()):
        path = f"spec.webhookReceivers[{index}]"
        name = receiver.get("name") or ""
        if name in seen:
            message = f"webhook receiver name already defined at spec.webhookReceivers[{seen[name]}]"
            yield FieldFault(f"{path}.name", message, name)
        seen.setdefault(name, index)
        kinds = [shown for key, shown in sorted(RECEIVERS.items()) if receiver.get(key) is not None]
        if len(kinds) > 1:
            message = f"cannot define a receiver that is of more than one type, found {len(kinds)}: [{' '.join(kinds)}]"
            yield FieldFault(path, message, type="Forbidden")
        # One without a type is told by the controller, not refused, as upstream has it.
        yield from _generic((receiver.get("generic") or {}).get("actions") or [], f"{path}.generic.actions")


def _generic(actions: list[JsonObject], path: str) -> Iterator[FieldFault]:
    for number, action in enumerate(actions):
        for index, criterion in enumerate(action.get("targetSelectionCriteria") or ()):
            if not any(criterion.get(key) for key in ("name", "labelSelector", "indexSelector")):
                where = f"{path}[{number}].targetSelectionCriteria[{index}]"
                yield FieldFault(where, "at least one of name, labelSelector and indexSelector is needed", criterion)
