"""The room `rollouts` in a process: loaded with the first Rollout or Experiment."""

from __future__ import annotations

from argosy import rollouts
from argosy.apis.rollouts import Experiment, Rollout
from argosy.cli.rooms import Context, Parts
from argosy.machinery.objects import resource_of
from argosy.rollouts.metrics import RolloutMetrics
from argosy.rollouts.step_services import answerers


def build(context: Context) -> Parts:
    settings = rollouts.RolloutSettings(namespace=context.namespace)
    RolloutMetrics(context.caches.cache(resource_of(Rollout)), context.caches.cache(resource_of(Experiment)))
    return Parts(
        controllers=rollouts.controllers(settings),
        answerers=answerers(context.doors.egress, context.clock),
    )
