"""The Experiment of a step: created, followed and stopped with it. Section 12, "From a rollout step"."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.apis.rollouts import Experiment
from argosy.apis.rollouts.steps import ExperimentStep, ExperimentTemplate, PodMetadata
from argosy.apis.rollouts.templates import TemplateError
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import create, delete
from argosy.rollouts.analyses.arguments import run_arguments
from argosy.rollouts.arithmetic.limits import successful_runs, unsuccessful_runs
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.arithmetic.weights import current_step, steps_until_now
from argosy.rollouts.reconcile.revision import owner_reference
from argosy.rollouts.reconcile.steps.analyses import runs_to_delete
from argosy.rollouts.reconcile.steps.pauses import INCONCLUSIVE_EXPERIMENT, INCONCLUSIVE_RUN, pause_of
from argosy.rollouts.reconcile.turn import Halted, Turn
from argosy.rollouts.resources import HASH_LABEL, REVISION
from argosy.rollouts.revisions.ephemeral import plain
from argosy.rollouts.status.phase import FINAL


def sync_experiments(turn: Turn) -> None:
    if turn.pauses.is_aborted or turn.rollout.status.promote_full:
        _end(turn, [*turn.other_experiments, turn.experiment])
        return
    if pause_of(turn.rollout, INCONCLUSIVE_RUN) is not None:
        return
    step, _ = current_step(turn.rollout)
    current, others = turn.experiment, list(turn.other_experiments)
    if step is not None and step.experiment is not None:
        if current is None:
            if turn.stable is None:
                return
            current = _make(turn, step.experiment)
        others = [found for found in others if found.name != current.name]
        _follow(turn, current)
    elif current is not None:
        others.append(current)
    _end(turn, others)
    rollout = turn.rollout
    for found in runs_to_delete(others, turn.sets, successful_runs(rollout), unsuccessful_runs(rollout)):
        if not found.metadata.deletion_timestamp:
            turn.write(delete(Experiment, found, exact=False))


def _follow(turn: Turn, current: Experiment) -> None:
    phase, message = current.status.phase, current.status.message
    if phase == "Inconclusive":
        turn.pauses.added.append(INCONCLUSIVE_EXPERIMENT)
    elif phase in ("Error", "Failed"):
        text = "Experiment analysis phase is error/failed"
        turn.pauses.abort_message = f"{text}: {message}" if message else text
    elif phase != "Successful":
        turn.experiment = current
        turn.status.setdefault("canary", {})["currentExperiment"] = current.name


def _end(turn: Turn, experiments: Iterable[Experiment | None]) -> None:
    for found in experiments:
        if found is None or found.spec.terminate or found.status.phase in FINAL:
            continue
        if found.metadata.resource_version:
            turn.patch(Experiment, found, {"spec": {"terminate": True}})


def _make(turn: Turn, step: ExperimentStep) -> Experiment:
    """An unfinished equal one of ours with that name is adopted; else the next free name is used."""
    wanted = experiment_for(turn, step)
    owned = {found.name: found for found in turn.seen.experiments}
    base, count = str(wanted["metadata"]["name"]), 0
    while True:
        name = f"{base}-{count}" if count else base
        known = owned.get(name)
        if known is not None and known.status.phase not in FINAL and _same(known, wanted["spec"]):
            turn.event("ExperimentCreated", f"Created Experiment '{name}'")
            return known
        if known is None and name not in turn.seen.taken_names:
            break
        count += 1
    made = {**wanted, "metadata": {**wanted["metadata"], "name": name}}
    turn.later.append(create(Experiment, made))
    turn.event("ExperimentCreated", f"Created Experiment '{name}'")
    return read(Experiment, made)


def _same(known: Experiment, spec: JsonObject) -> bool:
    live = known.raw.get("spec") or {}
    names = ("templates", "duration", "analyses", "progressDeadlineSeconds")
    return [_sizes(live, name) for name in names] == [_sizes(spec, name) for name in names]


def _sizes(spec: JsonObject, name: str) -> object:
    value = spec.get(name)
    if isinstance(value, list):
        return [(item.get("name"), item.get("replicas"), item.get("templateName")) for item in value]
    return value


def experiment_for(turn: Turn, step: ExperimentStep) -> JsonObject:
    rollout, pod_hash = turn.rollout, turn.seen.facts.pod_hash
    revision = rollout.annotations.get(REVISION, "")
    spec: JsonObject = {
        "templates": [_template(turn, template) for template in step.templates],
        "duration": step.duration,
        "progressDeadlineSeconds": rollout.spec.progress_deadline_seconds,
        "dryRun": list(step.dry_run),
        "analysisRunMetadata": plain(step.analysis_run_metadata),
        "scaleDownDelaySeconds": step.scale_down_delay_seconds,
        "analyses": _analyses(turn, step),
    }
    index = rollout.status.current_step_index or 0
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Experiment",
        "metadata": {
            "name": f"{rollout.name}-{pod_hash}-{revision}-{index}",
            "namespace": rollout.namespace,
            "labels": {**rollout.labels, HASH_LABEL: pod_hash},
            "annotations": {REVISION: revision},
            "ownerReferences": [owner_reference(rollout)],
        },
        "spec": {name: value for name, value in spec.items() if value not in (None, "", [], {})},
    }


def _analyses(turn: Turn, step: ExperimentStep) -> list[JsonObject]:
    latest, stable, found = pod_hash_of(turn.new), pod_hash_of(turn.stable), []
    for analysis in step.analyses:
        try:
            args = run_arguments(analysis.args, turn.rollout, latest=latest, stable=stable)
        except TemplateError as error:
            raise Halted from error
        parts: JsonObject = {"name": analysis.name, "templateName": analysis.template_name}
        if analysis.cluster_scope is not None:
            parts["clusterScope"] = analysis.cluster_scope
        if args:
            parts["args"] = args
        if analysis.required_for_completion:
            parts["requiredForCompletion"] = True
        found.append(parts)
    return found


def _template(turn: Turn, wanted: ExperimentTemplate) -> JsonObject:
    source = {"canary": turn.new, "stable": turn.stable}.get(wanted.spec_ref)
    if source is None:
        raise Halted
    selector = dict(wanted.selector or source.spec.selector or {})
    template, added = source.template, wanted.metadata or PodMetadata()
    metadata = dict(template.get("metadata") or {})
    if added.labels:
        metadata["labels"] = {**(metadata.get("labels") or {}), **added.labels}
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **added.labels}
    if added.annotations:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **added.annotations}
    found: JsonObject = {"name": wanted.name, "replicas": wanted.replicas, "selector": selector}
    found["template"] = {**template, "metadata": metadata}
    if source.spec.min_ready_seconds:
        found["minReadySeconds"] = source.spec.min_ready_seconds
    if wanted.weight is not None or wanted.service is not None:
        name = wanted.service.name if wanted.service is not None else ""
        found["service"] = {"name": name} if name else {}
    return {name: value for name, value in found.items() if value is not None}


def traffic_for_experiment(turn: Turn) -> list[JsonObject]:
    """The traffic shares of a running Experiment's templates."""
    step = next((found.experiment for found in steps_until_now(turn.rollout) if found.experiment is not None), None)
    if step is None or turn.experiment is None or turn.experiment.status.phase != "Running":
        return []
    weights = {template.name: template.weight for template in step.templates if template.weight is not None}
    return [
        {"weight": weights[found.name], "serviceName": found.service_name, "podTemplateHash": found.pod_template_hash}
        for found in turn.experiment.status.template_statuses
        if found.name in weights
    ]
