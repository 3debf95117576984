"""ApplicationSet: one template and the generators of its parameters."""

from __future__ import annotations

from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.argoproj.applicationset.status import ApplicationSetStatus
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Object, resource


@resource(
    "argoproj.io",
    "v1alpha1",
    plural="applicationsets",
    short_names=("appset", "appsets"),
    subresources={"status": {}},
    labels={"app.kubernetes.io/name": "applicationsets.argoproj.io", "app.kubernetes.io/part-of": "argocd"},
)
class ApplicationSet(Object):
    """Many applications from one template."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ApplicationSetSpec
    status: ApplicationSetStatus = ApplicationSetStatus()
