"""Deletes old revisions beyond the limit, with their runs and experiments. Section 2.4."""

from __future__ import annotations

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Experiment
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.machinery.requests import delete
from argosy.rollouts.arithmetic.limits import revision_history
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import HASH_LABEL


def trim_history(turn: Turn) -> None:
    """The oldest first; one that still has pods, or whose size was not observed, is kept for now."""
    alive = sorted((found for found in turn.others if not found.is_deleting), key=lambda one: (one.created, one.name))
    for found in alive[: max(0, len(alive) - revision_history(turn.rollout))]:
        if found.status.replicas or found.replicas or found.generation > found.status.observed_generation:
            continue
        turn.write(delete(ReplicaSet, found))
        if not (pod_hash := pod_hash_of(found)):
            continue
        for run in turn.other_runs:
            if run.labels.get(HASH_LABEL) == pod_hash and not run.metadata.deletion_timestamp:
                turn.write(delete(AnalysisRun, run, exact=False))
        for experiment in turn.other_experiments:
            if experiment.labels.get(HASH_LABEL) == pod_hash and not experiment.metadata.deletion_timestamp:
                turn.write(delete(Experiment, experiment, exact=False))
