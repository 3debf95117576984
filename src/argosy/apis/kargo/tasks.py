"""Lists of steps to use in many Stages."""

from __future__ import annotations

from argosy.apis.kargo.steps import Steps
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Object, resource


@resource("kargo.akuity.io", "v1alpha1", plural="promotiontasks")
class PromotionTask(Object):
    """For one project."""

    metadata: ObjectMeta
    spec: Steps


@resource("kargo.akuity.io", "v1alpha1", plural="clusterpromotiontasks", namespaced=False)
class ClusterPromotionTask(Object):
    """For all projects."""

    metadata: ObjectMeta
    spec: Steps
