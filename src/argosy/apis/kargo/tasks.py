"""Lists of steps to be used in many Stages."""

from __future__ import annotations

from argosy.apis.kargo.steps import Steps
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Object, resource


@resource("kargo.akuity.io", "v1alpha1", plural="promotiontasks")
class PromotionTask(Object):
    """Of one project."""

    metadata: ObjectMeta
    spec: Steps


@resource("kargo.akuity.io", "v1alpha1", plural="clusterpromotiontasks", namespaced=False)
class ClusterPromotionTask(Object):
    """Of all projects."""

    metadata: ObjectMeta
    spec: Steps
