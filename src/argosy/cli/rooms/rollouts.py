"""Builds the room `rollouts`, at the first Rollout or Experiment."""

from __future__ import annotations

from argosy import rollouts
from argosy.apis.rollouts import Experiment, Rollout
from argosy.cli.rooms.loading import Context, Parts
from argosy.machinery.objects import resource_of
from argosy.rollouts import load_balancers
from argosy.rollouts.load_balancers.elbv2 import Elbv2
from argosy.rollouts.load_balancers.simulated import SimulatedLoadBalancers
from argosy.rollouts.metrics import RolloutMetrics
from argosy.rollouts.ports import LoadBalancers
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.settings import SIMULATED, VERIFY, settings_of
from argosy.rollouts.step_services import answerers
from argosy.runtime.look_metrics import LookMetrics


def build(context: Context) -> Parts:
    settings = settings_of(context.environ, context.namespace)
    of_rollouts, of_experiments = (context.caches.cache(resource_of(kind)) for kind in (Rollout, Experiment))
    RolloutMetrics(of_rollouts, of_experiments)
    counted = {
        "rollout": LookMetrics("rollout", of_rollouts, context.clock),
        "experiment": LookMetrics("experiment", of_experiments, context.clock),
    }
    return Parts(
        controllers=tuple(
            counted[one.name].of(one) if one.name in counted else one for one in rollouts.controllers(settings)
        ),
        answerers={
            **answerers(context.doors.egress, context.clock),
            **load_balancers.answerers(_load_balancers(context, settings)),
        },
    )


def _load_balancers(context: Context, settings: rollouts.RolloutSettings) -> LoadBalancers:
    if context.environ.get(VERIFY, "").lower() == SIMULATED:
        ingresses = context.caches.cache(INGRESSES)
        return SimulatedLoadBalancers(ingresses.list)
    return Elbv2(context.doors.egress, context.clock, settings.resource_tag, context.environ)
