"""The room `rollouts` in a process: loaded with the first Rollout or Experiment."""

from __future__ import annotations

from argosy import rollouts
from argosy.cli.rooms import Context, Parts
from argosy.rollouts.step_services import answerers


def build(context: Context) -> Parts:
    settings = rollouts.RolloutSettings(namespace=context.namespace)
    return Parts(
        controllers=rollouts.controllers(settings),
        answerers=answerers(context.doors.egress, context.clock),
    )
