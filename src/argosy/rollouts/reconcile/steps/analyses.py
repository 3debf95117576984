"""Starts, follows and stops the AnalysisRuns of a Rollout. Sections 11.1 and 7.

The analysis room measures an AnalysisRun; here it is created, its phase read, and its termination requested.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Experiment, Rollout
from argosy.apis.rollouts.analysis import AnalysisRun, AnalysisRunSpec
from argosy.apis.rollouts.status import RunStatus
from argosy.apis.rollouts.steps import BackgroundAnalysis, RolloutAnalysis
from argosy.apis.rollouts.templates import TemplateError, gathered, run_spec
from argosy.apis.schema import read
from argosy.machinery.requests import create, delete
from argosy.rollouts.analyses.arguments import run_arguments
from argosy.rollouts.arithmetic.bluegreen import is_saturated
from argosy.rollouts.arithmetic.limits import successful_runs, unsuccessful_runs
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.reconcile.revision import owner_reference
from argosy.rollouts.reconcile.rollback import is_fast_rollback
from argosy.rollouts.reconcile.steps.pauses import BLUE_GREEN, CANARY_STEP, INCONCLUSIVE_RUN, pause_of
from argosy.rollouts.reconcile.turn import Halted, Runs, Turn
from argosy.rollouts.resources import ANALYSIS_RUNS, HASH_LABEL, INSTANCE_ID, REVISION, RUN_TYPE, STEP_INDEX
from argosy.rollouts.status.phase import FINAL

_FIELDS = {"step": "currentStepAnalysisRunStatus", "background": "currentBackgroundAnalysisRunStatus"}
_BLUE_GREEN_FIELDS = {"pre": "prePromotionAnalysisRunStatus", "post": "postPromotionAnalysisRunStatus"}
_TYPES = {"post": "PostPromotion", "pre": "PrePromotion", "step": "Step", "background": "Background"}
"""In the order in which their events are emitted."""


def phase_of(run: AnalysisRun | None) -> str:
    """Empty without a run."""
    return run.outcome.phase if run is not None else ""


def sync_runs(turn: Turn) -> None:
    """The wanted runs exist; all others are stopped, and old ones deleted."""
    rollout, current = turn.rollout, Runs()
    status = rollout.status
    promoted = status.stable_rs == status.current_pod_hash
    if promoted or turn.pauses.is_aborted or status.promote_full or not status.stable_rs or is_fast_rollback(turn):
        terminate(turn, turn.runs.all())
        current.pre, current.post = turn.runs.pre, turn.runs.post
    elif rollout.spec.strategy.canary is not None:
        current.step = _step_run(turn)
        current.background = _background_run(turn)
    else:
        current.pre = _pre_promotion_run(turn)
        _pause_or_abort(turn, current.pre, "Blue/green pre-promotion analysis phase error/failed")
        current.post = _post_promotion_run(turn)
        _pause_or_abort(turn, current.post, "Blue/green post-promotion analysis phase error/failed")
    _set_current(turn, current)
    named = {run.name for run in current.all()}
    others = [run for run in turn.other_runs if run.name not in named]
    terminate(turn, others)
    for run in runs_to_delete(others, turn.sets, successful_runs(rollout), unsuccessful_runs(rollout)):
        if not run.metadata.deletion_timestamp:
            turn.write(delete(AnalysisRun, run, exact=False))
    _report_changes(turn, current)


def _set_current(turn: Turn, current: Runs) -> None:
    turn.runs = current
    canary = turn.rollout.spec.strategy.canary is not None
    part = turn.status.setdefault("canary" if canary else "blueGreen", {})
    for name, field in (_FIELDS if canary else _BLUE_GREEN_FIELDS).items():
        if (run := getattr(current, name)) is not None:
            found = {"name": run.name, "status": phase_of(run), "message": run.outcome.message}
            part[field] = {key: value for key, value in found.items() if value or key != "message"}


def terminate(turn: Turn, runs: Iterable[AnalysisRun | None]) -> None:
    for run in runs:
        if run is None or phase_of(run) in FINAL or run.spec.terminate:
            continue
        if run.metadata.resource_version:  # else it is only being created in this turn
            turn.patch(AnalysisRun, run, {"spec": {"terminate": True}})


def _pause_or_abort(turn: Turn, run: AnalysisRun | None, text: str) -> None:
    phase = phase_of(run)
    if phase == "Inconclusive":
        turn.pauses.added.append(INCONCLUSIVE_RUN)
    elif run is not None and phase in ("Error", "Failed"):
        message = run.outcome.message
        turn.pauses.abort_message = f"{text}: {message}" if message else text


def _needs_new(turn: Turn, run: AnalysisRun | None) -> bool:
    """There is none; or it was inconclusive and somebody resumed; or the update is being retried."""
    if run is None:
        return True
    status = turn.rollout.status
    if (
        status.controller_pause
        and pause_of(turn.rollout, CANARY_STEP) is None
        and pause_of(turn.rollout, BLUE_GREEN) is None
    ):
        return phase_of(run) == "Inconclusive"
    return bool(status.aborted_at)


def _step_run(turn: Turn) -> AnalysisRun | None:
    run, status = turn.runs.step, turn.rollout.status
    step, index = current_step(turn.rollout)
    if status.pause_conditions or status.abort:
        return run
    analysis = step.analysis if step is not None else None
    from_before = run is not None and run.labels.get(STEP_INDEX) != str(index)
    if analysis is None or not analysis.templates or index is None or from_before:
        terminate(turn, [run])
        return None
    if _needs_new(turn, run):
        return make_run(turn, analysis, str(index), {RUN_TYPE: "Step", STEP_INDEX: str(index)})
    _pause_or_abort(turn, run, "Step-based analysis phase error/failed")
    return run


def _background_run(turn: Turn) -> AnalysisRun | None:
    run, status = turn.runs.background, turn.rollout.status
    canary = turn.rollout.spec.strategy.canary
    analysis = canary.analysis if canary is not None else None
    if analysis is None or not analysis.templates:
        terminate(turn, [run])
        return None
    if status.stable_rs in ("", status.current_pod_hash) or not status.current_pod_hash:
        return None
    step, index = current_step(turn.rollout)
    if analysis.starting_step is not None and index is not None and step is not None and index < analysis.starting_step:
        return None
    if pause_of(turn.rollout, INCONCLUSIVE_RUN) is not None:
        return run
    if _needs_new(turn, run):
        return make_run(turn, analysis, "", {RUN_TYPE: "Background"})
    _pause_or_abort(turn, run, "Background analysis phase error/failed")
    return run


def _pre_promotion_run(turn: Turn) -> AnalysisRun | None:
    run, strategy = turn.runs.pre, turn.rollout.spec.strategy.blue_green
    analysis = strategy.pre_promotion_analysis if strategy is not None else None
    if analysis is None or not analysis.templates:
        terminate(turn, [run])
        return None
    if skips_pre_promotion(turn, run):
        terminate(turn, [run])
        return run
    if pause_of(turn.rollout, INCONCLUSIVE_RUN) is not None:
        return run
    return make_run(turn, analysis, "pre", {RUN_TYPE: "PrePromotion"}) if _needs_new(turn, run) else run


def skips_pre_promotion(turn: Turn, run: AnalysisRun | None) -> bool:
    """There is nothing to promote, it is promoted, or its pods are not complete yet."""
    new, status = turn.new, turn.rollout.status
    pod_hash, active = pod_hash_of(new), status.blue_green.active_selector
    if new is None or status.stable_rs == pod_hash or active in ("", pod_hash) or not pod_hash:
        return True
    if run is not None:
        return False
    strategy = turn.rollout.spec.strategy.blue_green
    preview = strategy.preview_replica_count if strategy is not None else None
    return (
        not (new.replicas == preview == new.available) if preview is not None else not is_saturated(turn.rollout, new)
    )


def _post_promotion_run(turn: Turn) -> AnalysisRun | None:
    run, strategy = turn.runs.post, turn.rollout.spec.strategy.blue_green
    analysis = strategy.post_promotion_analysis if strategy is not None else None
    if analysis is None or not analysis.templates:
        terminate(turn, [run])
        return None
    if skips_post_promotion(turn, run) or turn.targets_verified is False:
        terminate(turn, [run])
        return run
    if pause_of(turn.rollout, INCONCLUSIVE_RUN) is not None:
        return run
    return make_run(turn, analysis, "post", {RUN_TYPE: "PostPromotion"}) if _needs_new(turn, run) else run


def skips_post_promotion(turn: Turn, run: AnalysisRun | None) -> bool:
    """Not switched yet, or done; lost availability does not stop a run that has started."""
    status, pod_hash = turn.rollout.status, pod_hash_of(turn.new)
    if not pod_hash or status.stable_rs == pod_hash or status.blue_green.active_selector != pod_hash:
        return True
    return run is None and not is_saturated(turn.rollout, turn.new)


def make_run(
    turn: Turn, analysis: RolloutAnalysis | BackgroundAnalysis, infix: str, labels: dict[str, str]
) -> AnalysisRun:
    """Creates a run. It counts as current from this turn on; its name is its own (collisions: `.1`, `.2`)."""
    rollout, pod_hash = turn.rollout, pod_hash_of(turn.new)
    revision = rollout.annotations.get(REVISION, "")
    try:
        args = run_arguments(analysis.args, rollout, latest=pod_hash, stable=pod_hash_of(turn.stable))
        references = [reference.raw for reference in analysis.templates]
        templates = gathered(references, lambda name, wide: turn.seen.templates.get((name, wide)))
        spec = run_spec(*templates, args, analysis.dry_run, analysis.measurement_retention)
    except TemplateError as error:
        raise Halted from error
    run = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {
            "name": "-".join(filter(None, (rollout.name, pod_hash, revision, infix))),
            "namespace": rollout.namespace,
            "labels": _labels(rollout, pod_hash, labels, analysis),
            "annotations": {
                REVISION: revision,
                **((analysis.analysis_run_metadata.annotations if analysis.analysis_run_metadata else None) or {}),
            },
            "ownerReferences": [owner_reference(rollout)],
        },
        "spec": spec,
    }
    return _created(turn, read(AnalysisRun, run))


def _labels(
    rollout: Rollout, pod_hash: str, labels: dict[str, str], analysis: RolloutAnalysis | BackgroundAnalysis
) -> dict[str, str]:
    found = {HASH_LABEL: pod_hash, **labels}
    if instance := rollout.labels.get(INSTANCE_ID):
        found[INSTANCE_ID] = instance
    if analysis.analysis_run_metadata is not None:
        found |= analysis.analysis_run_metadata.labels or {}
    return found | ((rollout.spec.selector or {}).get("matchLabels") or {})


def _created(turn: Turn, run: AnalysisRun) -> AnalysisRun:
    """An unfinished equal run of ours with that name is adopted; otherwise the next free name is used."""
    owned = {one.name: one for one in turn.seen.runs}
    base, count = run.name, 0
    while True:
        name = f"{base}.{count}" if count else base
        known = owned.get(name)
        if known is not None and phase_of(known) not in FINAL and _same_spec(known.spec, run.spec):
            return known
        if known is None and name not in turn.seen.taken_names:
            break
        count += 1
    made = {**run.raw, "metadata": {**run.raw["metadata"], "name": name}}
    turn.later.append(create(ANALYSIS_RUNS, made))
    return read(AnalysisRun, made)


def _same_spec(left: AnalysisRunSpec, right: AnalysisRunSpec) -> bool:
    """Apart from what changes while a run is under way."""
    return (left.metrics, left.dry_run, left.measurement_retention, left.args) == (
        right.metrics,
        right.dry_run,
        right.measurement_retention,
        right.args,
    )


T = TypeVar("T", AnalysisRun, Experiment)


def runs_to_delete(runs: Iterable[T], sets: Sequence[ReplicaSet], successful: int, unsuccessful: int) -> list[T]:
    """Those whose ReplicaSet is deleted, and finished ones beyond the limits, oldest first."""
    alive = {pod_hash_of(found): not found.is_deleting for found in sets}
    room = {"Successful": successful, "other": unsuccessful}
    gone = []
    for run in sorted(runs, key=lambda run: (run.metadata.creation_timestamp, run.name), reverse=True):
        pod_hash = run.labels.get(HASH_LABEL)
        phase = run.status.phase if isinstance(run, Experiment) else run.outcome.phase
        if pod_hash is None or not alive.get(pod_hash, False):
            gone.append(run)
        elif phase in FINAL:
            kind = phase if phase == "Successful" else "other"
            room[kind] -= 1
            if room[kind] < 0:
                gone.append(run)
    return gone


def _report_changes(turn: Turn, current: Runs) -> None:
    status = turn.rollout.status
    before: dict[str, RunStatus | None] = {
        "post": status.blue_green.post_promotion_analysis_run_status,
        "pre": status.blue_green.pre_promotion_analysis_run_status,
        "step": status.canary.current_step_analysis_run_status,
        "background": status.canary.current_background_analysis_run_status,
    }
    for name, kind in _TYPES.items():
        run: AnalysisRun | None = getattr(current, name)
        old = before[name]
        phase = phase_of(run)
        if run is None or not phase or (old is not None and (old.name != run.name or old.status == phase)):
            continue
        previous = "NoPreviousStatus" if old is None else old.status
        text = f"{kind} Analysis Run '{run.name}' Status New: '{phase}' Previous: '{previous}'"
        turn.event(f"AnalysisRun{phase}", text, "Warning" if phase in ("Failed", "Error") else "Normal")
