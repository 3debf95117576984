"""ProjectConfig, ClusterConfig and tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from argosy.apis.kargo import ClusterConfig, ProjectConfig, PromotionTask
from argosy.apis.kargo.configs import PromotionPolicy
from argosy.apis.kargo.receivers import Action, WebhookReceiver
from argosy.apis.schema import read
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
    config = read(ProjectConfig, obj)
    name, namespace, faults = config.metadata.name, config.metadata.namespace, []
    if name != namespace:
        faults.append(FieldFault("metadata.name", f'name "{name}" must match project name "{namespace}"', name))
    return [*faults, *_policies(config.spec.promotion_policies), *_receivers(config.spec.webhook_receivers)]


def cluster_config(obj: JsonObject) -> list[FieldFault]:
    config = read(ClusterConfig, obj)
    name = config.metadata.name
    faults = [] if name == "cluster" else [FieldFault("metadata.name", f'name "{name}" must be "cluster"', name)]
    return [*faults, *_receivers(config.spec.webhook_receivers)]


def task(obj: JsonObject) -> list[FieldFault]:
    return list(steps_faults(read(PromotionTask, obj).spec.steps, "spec.steps"))


def _policies(policies: Sequence[PromotionPolicy]) -> Iterator[FieldFault]:
    seen: dict[str, int] = {}
    for index, policy in enumerate(policies):
        path = f"spec.promotionPolicies[{index}]"
        pattern = policy.stage_selector.name if policy.stage_selector else ""
        if pattern:
            try:
                name_matcher(pattern)
            except PatternError as error:
                yield FieldFault(f"{path}.stageSelector.name", str(error), pattern)
        name = policy.stage or (pattern if ":" not in pattern else "")
        if name and name in seen:
            yield FieldFault(path, f"stage name already defined at spec.promotionPolicies[{seen[name]}]", name)
        elif name:
            seen[name] = index


def _receivers(receivers: Sequence[WebhookReceiver]) -> Iterator[FieldFault]:
    seen: dict[str, int] = {}
    for index, receiver in enumerate(receivers):
        path, name = f"spec.webhookReceivers[{index}]", receiver.name
        if name in seen:
            message = f"webhook receiver name already defined at spec.webhookReceivers[{seen[name]}]"
            yield FieldFault(f"{path}.name", message, name)
        seen.setdefault(name, index)
        kinds = [shown for key, shown in sorted(RECEIVERS.items()) if receiver.raw.get(key) is not None]
        if len(kinds) > 1:
            message = f"cannot define a receiver that is of more than one type, found {len(kinds)}: [{' '.join(kinds)}]"
            yield FieldFault(path, message, type="Forbidden")
        # One without a type is reported by the controller, not refused, as upstream.
        yield from _generic(receiver.generic.actions if receiver.generic else (), f"{path}.generic.actions")


def _generic(actions: Sequence[Action], path: str) -> Iterator[FieldFault]:
    for number, action in enumerate(actions):
        for index, criterion in enumerate(action.target_selection_criteria):
            if not any(criterion.raw.get(key) for key in ("name", "labelSelector", "indexSelector")):
                where = f"{path}[{number}].targetSelectionCriteria[{index}]"
                yield FieldFault(
                    where, "at least one of name, labelSelector and indexSelector is needed", criterion.raw
                )
