"""What Projects are and how they are configured."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.schema import Doc, FreeObject, resource


@resource("kargo.akuity.io", "v1alpha1", plural="projects", namespaced=False)
class Project:
    """Owns the namespace of its name."""

    metadata: FreeObject
    status: FreeObject


@resource("kargo.akuity.io", "v1alpha1", plural="projectconfigs")
class ProjectConfig:
    """Policies and webhook receivers of one project; its name is the namespace's."""

    metadata: FreeObject
    spec: Annotated[FreeObject, Doc("Promotion policies, webhook receivers, links.")]
    status: FreeObject


@resource("kargo.akuity.io", "v1alpha1", plural="clusterconfigs", namespaced=False)
class ClusterConfig:
    """Settings of all projects; its name is `cluster`."""

    metadata: FreeObject
    spec: Annotated[FreeObject, Doc("Webhook receivers, links, the git client.")]
    status: FreeObject
