"""Builds the room `rollout notifications`, at the ConfigMap that configures it."""

from __future__ import annotations

from argosy import notify
from argosy.cli.rooms.loading import Context, Parts
from argosy.cli.rooms.notifications import services, settings
from argosy.notify.adapter import answerers
from argosy.notify.metrics import Metrics, RolloutSends


def build(context: Context) -> Parts:
    """Raises CommandError for an invalid setting."""
    found = settings(context)
    return Parts(
        controllers=notify.rollout_controllers(found, context.clock.now, context.rng.token_bytes),
        answerers=answerers(services(context, Metrics(), RolloutSends())),
    )
