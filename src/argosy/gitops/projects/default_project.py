"""Creates the project `default`, which Applications without a project belong to, when a control plane starts."""

from __future__ import annotations

from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.keys import PROJECTS
from argosy.gitops.projects.permissions import DEFAULT_PROJECT
from argosy.machinery.requests import create
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client


async def ensure_default_project(client: Client, plane: ControlPlane) -> None:
    """Raises StatusError where another attempt may succeed; one that exists already is left alone."""
    if plane.project("default") is not None:
        return
    project = {**DEFAULT_PROJECT, "metadata": {"name": "default", "namespace": plane.namespace}}
    try:
        await client.write(create(PROJECTS, project))
    except StatusError as error:
        if error.is_passing:
            raise
