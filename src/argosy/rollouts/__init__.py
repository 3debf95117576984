"""Progressive delivery: Rollout and Experiment (argoproj.io/v1alpha1), as Argo Rollouts does it.

Owns ReplicaSets (of Rollouts and Experiments), the pod-template-hash in the selectors of their Services, the weights in
the objects of traffic routers, AnalysisRuns (creates and stops them; `analysis` measures), and both kinds' statuses.
Reads Services, Ingresses, analysis templates, workloads that a Rollout refers to, Pods where it restarts or labels.
Wakes when any of these changes, and at the end of a pause, of a scale-down delay, of the progress deadline.

`arithmetic` computes pods and traffic, `revisions` finds ReplicaSets by their template, `status` reports progress.
"""

from typing import Any

from argosy.machinery.controller import Controller
from argosy.rollouts.controller import DESTINATION_RULE, SERVICE, experiment, rollout
from argosy.rollouts.settings import RolloutSettings


def controllers(settings: RolloutSettings | None = None) -> tuple[Controller[Any], ...]:
    settings = settings or RolloutSettings()
    return (rollout(settings), experiment(settings), SERVICE, DESTINATION_RULE)


__all__ = ["RolloutSettings", "controllers"]
