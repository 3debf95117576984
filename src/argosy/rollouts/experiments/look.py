"""Gathers the inputs of an Experiment's turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Experiment, Rollout
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.machinery.controller import Refusal, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.resources import (
    ANALYSIS_TEMPLATES,
    CLUSTER_TEMPLATES,
    EXPERIMENT_NAME,
    INSTANCE_ID,
    TEMPLATE_NAME,
)
from argosy.rollouts.settings import USUAL, RolloutSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    experiment: Experiment
    sets: Mapping[str, ReplicaSet] = field(default_factory=dict)
    """By the name of their template."""
    namesakes: Mapping[str, ReplicaSet] = field(default_factory=dict)
    """ReplicaSets with the name of one of ours that are not ours, by template."""
    services: Mapping[str, Service] = field(default_factory=dict)
    foreign_services: Mapping[str, Service] = field(default_factory=dict)
    """Services with a name that one of ours will have, by that name."""
    templates: Mapping[tuple[str, bool], JsonObject] = field(default_factory=dict)
    runs: Mapping[str, AnalysisRun] = field(default_factory=dict)
    """Our AnalysisRuns by name."""
    taken_names: frozenset[str] = frozenset()
    """Names of AnalysisRuns that belong to another object."""
    rollout: JsonObject | None = None
    """The Rollout that created this."""
    refusal: Refusal | None = None
    problem: str = ""
    """An error that prevents all progress until somebody fixes it."""


def look(snapshot: Snapshot, key: Key, settings: RolloutSettings = USUAL) -> Seen | None:
    experiment = snapshot.get(Experiment, key)
    if experiment is None or experiment.metadata.deletion_timestamp:
        return None
    if experiment.metadata.labels.get(INSTANCE_ID, "") != settings.instance_id:
        return None  # belongs to another installation
    names = [template.name for template in experiment.spec.templates]
    sets: dict[str, ReplicaSet] = {}
    problem = ""
    for found in snapshot.owned(ReplicaSet, experiment.uid):
        template = found.annotations.get(TEMPLATE_NAME, "")
        if found.is_deleting or found.annotations.get(EXPERIMENT_NAME) != experiment.name or template not in names:
            continue
        if template in sets:
            problem = f"multiple ReplicaSets match single experiment template: {template}"
        sets[template] = found
    namesakes = {}
    for name in names:
        other = snapshot.get(ReplicaSet, Key(key.namespace, f"{key.name}-{name}")) if name not in sets else None
        if other is not None and not other.is_deleting:
            namesakes[name] = other
    services, foreign = _services(snapshot, experiment)
    runs = {run.name: run for run in snapshot.owned(AnalysisRun, experiment.uid)}
    return Seen(
        experiment=experiment,
        sets=sets,
        namesakes=namesakes,
        services=services,
        foreign_services=foreign,
        templates=_templates(snapshot, experiment),
        runs=runs,
        taken_names=_taken(snapshot, experiment, runs),
        rollout=_rollout(snapshot, experiment),
        refusal=snapshot.refusal,
        problem=problem,
    )


def service_name(experiment: Experiment, template_name: str) -> str:
    template = next(one for one in experiment.spec.templates if one.name == template_name)
    own = template.service.name if template.service is not None else ""
    return own or f"{experiment.name}-{template_name}"


def _services(snapshot: Snapshot, experiment: Experiment) -> tuple[dict[str, Service], dict[str, Service]]:
    ours: dict[str, Service] = {}
    foreign: dict[str, Service] = {}
    names = {template.name for template in experiment.spec.templates}
    for found in snapshot.owned(Service, experiment.uid):
        notes = found.metadata.annotations
        if notes.get(EXPERIMENT_NAME) == experiment.name and notes.get(TEMPLATE_NAME) in names:
            ours[notes[TEMPLATE_NAME]] = found
    for template in experiment.spec.templates:
        if template.service is not None and template.name not in ours:
            name = service_name(experiment, template.name)
            other = snapshot.get(Service, Key(experiment.namespace, name))
            if other is not None:
                foreign[name] = other
    return ours, foreign


def _templates(snapshot: Snapshot, experiment: Experiment) -> dict[tuple[str, bool], JsonObject]:
    found: dict[tuple[str, bool], JsonObject] = {}
    waiting = [(one.template_name, one.cluster_scope) for one in experiment.spec.analyses]
    while waiting:
        name, wide = waiting.pop()
        if (name, wide) in found:
            continue
        resource, namespace = (CLUSTER_TEMPLATES, "") if wide else (ANALYSIS_TEMPLATES, experiment.namespace)
        if (template := snapshot.object(resource, Key(namespace, name))) is not None:
            found[name, wide] = template
            inner = (template.get("spec") or {}).get("templates") or ()
            waiting += [(str(one.get("templateName")), bool(one.get("clusterScope"))) for one in inner]
    return found


def _taken(snapshot: Snapshot, experiment: Experiment, ours: Mapping[str, AnalysisRun]) -> frozenset[str]:
    taken = set()
    for analysis in experiment.spec.analyses:
        base = name = f"{experiment.name}-{analysis.name}"
        count = 0
        while name in ours or snapshot.get(AnalysisRun, Key(experiment.namespace, name)) is not None:
            if name not in ours:
                taken.add(name)
            count += 1
            name = f"{base}.{count}"
    return frozenset(taken)


def _rollout(snapshot: Snapshot, experiment: Experiment) -> JsonObject | None:
    owners = (experiment.raw["metadata"].get("ownerReferences")) or ()
    name = next((str(owner.get("name")) for owner in owners if owner.get("kind") == "Rollout"), "")
    found = snapshot.get(Rollout, Key(experiment.namespace, name)) if name else None
    return found.raw if found is not None else None
