"""Builds the room `analysis`, at the first AnalysisRun."""

from __future__ import annotations

from argosy import analysis
from argosy.analysis.metrics import AnalysisMetrics
from argosy.analysis.providers import answerers
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.cli.rooms.loading import Context, Parts
from argosy.machinery.objects import Resource, resource_of
from argosy.runtime.look_metrics import LookMetrics

TEMPLATES = (
    Resource("argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate"),
    Resource("argoproj.io", "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", namespaced=False),
)
INSTANCE_ID = "ARGO_ROLLOUTS_INSTANCE_ID"


def build(context: Context) -> Parts:
    settings = analysis.AnalysisSettings(
        namespace=context.namespace,
        instance_id=context.environ.get(INSTANCE_ID, ""),
        environment=context.environ,
    )
    templates = tuple(context.caches.cache(resource) for resource in TEMPLATES)
    runs = context.caches.cache(resource_of(AnalysisRun))
    AnalysisMetrics(runs, templates)
    counted = LookMetrics("analysis_run", runs, context.clock)
    return Parts(
        controllers=tuple(counted.of(one) for one in analysis.controllers(settings)),
        answerers=answerers(context.doors.egress, context.clock, settings),
    )
