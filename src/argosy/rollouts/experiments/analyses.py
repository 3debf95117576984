"""The AnalysisRuns of an Experiment: started when all templates run, followed, and stopped with it. Section 12."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.experiment import AnalysisReference
from argosy.apis.rollouts.templates import TemplateError, gathered, run_spec
from argosy.machinery import timestamps
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import create, merge
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.experiments.rules import length_of, named
from argosy.rollouts.experiments.turn import Turn, owner_reference
from argosy.rollouts.reconcile.steps.analyses import phase_of
from argosy.rollouts.resources import ANALYSIS_RUNS, INSTANCE_ID
from argosy.rollouts.revisions.ephemeral import plain
from argosy.rollouts.status.phase import FINAL


def sync_analysis(turn: Turn, analysis: AnalysisReference) -> None:
    stored = (turn.experiment.raw.get("status") or {}).get("analysisRuns") or ()
    before = named(stored, analysis.name) or {"name": analysis.name, "analysisRun": "", "phase": ""}
    status = dict(before)
    _sync(turn, analysis, before, status)
    if status.get("phase") and before.get("phase") != status["phase"]:
        _report(turn, str(before.get("phase") or ""), status)
    turn.put("analysisRuns", status)


def _sync(turn: Turn, analysis: AnalysisReference, before: JsonObject, status: JsonObject) -> None:
    if not turn.experiment.status.available_at:
        if (analysis.template_name, analysis.cluster_scope) not in turn.seen.templates:
            kind = "ClusterAnalysisTemplate" if analysis.cluster_scope else "AnalysisTemplate"
            text = f"{kind} verification failed for analysis '{analysis.name}': {_absent(analysis)}"
            status.update(phase="Error", message=text)
        return
    if not before.get("analysisRun"):
        if not turn.is_terminating:
            _begin(turn, analysis, status)
        return
    if before.get("phase") in FINAL:
        return
    run = turn.seen.runs.get(str(before["analysisRun"]))
    if run is None and before.get("phase") == "Pending" and not turn.is_terminating:
        _begin(turn, analysis, status)  # it was named, but not created
    elif run is None:
        text = f'analysisruns.argoproj.io "{before["analysisRun"]}" not found'
        status.update(phase="Error", message=text)
    elif turn.is_terminating:
        if phase_of(run) not in FINAL and not run.spec.terminate:
            turn.event("AnalysisRunTerminating", f"Terminating {analysis.name} ({run.name})")
            turn.steps.append(merge(AnalysisRun, run, {"spec": {"terminate": True}}, exact=False))
    else:
        status.update(phase=phase_of(run) or before.get("phase"), message=run.outcome.message)


def _absent(analysis: AnalysisReference) -> str:
    plural = "clusteranalysistemplate" if analysis.cluster_scope else "analysistemplate"
    return f'{plural}.argoproj.io "{analysis.template_name}" not found'


def _begin(turn: Turn, analysis: AnalysisReference, status: JsonObject) -> None:
    try:
        run = _run(turn, analysis)
    except TemplateError as error:
        text = f"Failed to create AnalysisRun for analysis '{analysis.name}': {error}"
        status.update(phase="Error", message=text)
        return
    base, count = run["metadata"]["name"], 0
    while True:
        name = f"{base}.{count}" if count else base
        known = turn.seen.runs.get(name)
        if known is not None and phase_of(known) not in FINAL:
            break
        if known is None and name not in turn.seen.taken_names:
            run["metadata"]["name"] = name
            turn.later.append(create(ANALYSIS_RUNS, run))
            break
        count += 1
    status.update(phase="Pending", analysisRun=name)


def _run(turn: Turn, analysis: AnalysisReference) -> JsonObject:
    """Raises TemplateError."""
    experiment = turn.experiment
    args = [_argument(turn, arg) for arg in analysis.args]
    reference = {"templateName": analysis.template_name, "clusterScope": analysis.cluster_scope}
    templates = gathered([reference], lambda name, wide: turn.seen.templates.get((name, wide)))
    spec = run_spec(*templates, args, experiment.spec.dry_run, experiment.spec.measurement_retention)
    extra = plain(experiment.spec.analysis_run_metadata) if experiment.spec.analysis_run_metadata is not None else {}
    instance = experiment.labels.get(INSTANCE_ID)
    labels = {**({INSTANCE_ID: instance} if instance else {}), **(extra.get("labels") or {})}
    notes = dict(extra.get("annotations") or {})
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {
            "name": f"{experiment.name}-{analysis.name}",
            "namespace": experiment.namespace,
            **({"labels": labels} if labels else {}),
            **({"annotations": notes} if notes else {}),
            "ownerReferences": [owner_reference(experiment)],
        },
        "spec": spec,
    }


def _argument(turn: Turn, arg: JsonObject) -> JsonObject:
    if arg.get("value") is None:
        return {"name": arg.get("name")}
    return {"name": arg.get("name"), "value": _filled(str(arg["value"]), _values(turn))}


def _values(turn: Turn) -> dict[str, str]:
    experiment, found = turn.experiment, {}
    if begun := experiment.status.available_at:
        found["experiment.availableAt"] = begun
        if experiment.spec.duration:
            length = length_of(experiment.spec.duration) or timedelta()
            found["experiment.finishedAt"] = timestamps.seconds(timestamps.parse(begun) + length)
    for name, one in turn.seen.sets.items():
        found[f"templates.{name}.podTemplateHash"] = pod_hash_of(one)
        found[f"templates.{name}.replicaset.name"] = one.name
    return found


def _filled(text: str, values: dict[str, str]) -> str:
    """Raises TemplateError for a tag that has no value."""
    head, *parts = text.split("{{")
    result = [head]
    for part in parts:
        tag, closed, rest = part.partition("}}")
        if not closed:
            raise TemplateError(f'cannot find end tag="}}}}" in the template="{text}" starting from "{part}"')
        if tag.strip() not in values:
            raise TemplateError(f"failed to resolve {{{{{tag}}}}}")
        result += [values[tag.strip()], rest]
    return "".join(result)


def _report(turn: Turn, before: str, status: JsonObject) -> None:
    phase = status["phase"]
    text = f"AnalysisRun '{status['name']}' transitioned from {before} -> {phase}"
    if status.get("message"):
        text += f": {status['message']}"
    kind: Literal["Normal", "Warning"] = "Warning" if phase in ("Failed", "Error", "Inconclusive") else "Normal"
    turn.event(f"AnalysisRun{phase}", text, kind)
    if turn.seen.rollout is not None:
        turn.steps.append(
            Event(about=turn.seen.rollout, reason=f"AnalysisRun{phase}", message=text, type="Warning"),
        )
