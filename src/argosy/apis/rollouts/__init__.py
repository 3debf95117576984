"""argoproj.io/v1alpha1, Argo Rollouts' part: views of Rollout and Experiment. Their CRDs are the published ones.

Field names, order and Go zero values follow upstream's types (spec/rollouts.md section 1): the order of the fields of a
step is the order in which the hash of the steps reads them.
"""

from __future__ import annotations

from argosy.apis.rollouts.experiment import Experiment, ExperimentStatus, TemplateSpec, TemplateStatus
from argosy.apis.rollouts.rollout import Rollout, RolloutSpec
from argosy.apis.rollouts.routing import TrafficRouting
from argosy.apis.rollouts.status import RolloutStatus
from argosy.apis.rollouts.steps import CanaryStep
from argosy.apis.rollouts.strategy import BlueGreen, Canary

__all__ = [
    "BlueGreen",
    "Canary",
    "CanaryStep",
    "Experiment",
    "ExperimentStatus",
    "Rollout",
    "RolloutSpec",
    "RolloutStatus",
    "TemplateSpec",
    "TemplateStatus",
    "TrafficRouting",
]
