"""Views of what this room makes but does not own: enough to find it by its owner."""

from __future__ import annotations

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Object, resource


@resource("argoproj.io", "v1alpha1", plural="analysisruns")
class AnalysisRun(Object):
    """Measured by the analysis room; its phase decides here."""

    metadata: ObjectMeta
