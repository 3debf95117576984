"""Lists of steps to be used in many Stages."""

from __future__ import annotations

from argosy.apis.schema import FreeObject, resource


@resource("kargo.akuity.io", "v1alpha1", plural="promotiontasks")
class PromotionTask:
    """Of one project."""

    metadata: FreeObject
    spec: FreeObject


@resource("kargo.akuity.io", "v1alpha1", plural="clusterpromotiontasks", namespaced=False)
class ClusterPromotionTask:
    """Of all projects."""

    metadata: FreeObject
    spec: FreeObject
