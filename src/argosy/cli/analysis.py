"""The room `analysis` in a process: loaded with the first AnalysisRun."""

from __future__ import annotations

from argosy import analysis
from argosy.analysis.metrics import AnalysisMetrics
from argosy.analysis.providers import answerers
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.cli.rooms import Context, Parts
from argosy.machinery.objects import Resource, resource_of

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
    AnalysisMetrics(context.caches.cache(resource_of(AnalysisRun)), templates)
    return Parts(
        controllers=analysis.controllers(settings),
        answerers=answerers(context.doors.egress, context.clock, settings),
    )
