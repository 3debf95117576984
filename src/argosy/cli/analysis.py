"""The room `analysis` in a process: loaded with the first AnalysisRun."""

from __future__ import annotations

from argosy import analysis
from argosy.analysis.providers import answerers
from argosy.cli.rooms import Context, Parts

INSTANCE_ID = "ARGO_ROLLOUTS_INSTANCE_ID"


def build(context: Context) -> Parts:
    settings = analysis.AnalysisSettings(
        namespace=context.namespace,
        instance_id=context.environ.get(INSTANCE_ID, ""),
        environment=context.environ,
    )
    return Parts(
        controllers=analysis.controllers(settings),
        answerers=answerers(context.doors.egress, context.clock, settings),
    )
