"""Whether an Application may be stored as it is: what Argo CD's API refuses before it writes, for a kubeconfig's user.

The controllers refuse the same later, in a condition. What the user may not read is left to them.
"""

from __future__ import annotations

import argparse
from typing import Any

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.cli.connect import chosen_server
from argosy.cli.failing import CommandError, Exit
from argosy.gitops.clusters.resolution import ClusterBook, InvalidDestination, resolve
from argosy.gitops.control_plane.settings import settings_of
from argosy.gitops.model.application_spec import normalised, sources_of, spec_errors, spec_of
from argosy.gitops.projects import permissions
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.sources.credentials import TYPE_LABEL, decoded

PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")


async def refuse_forbidden(client: Client, app: JsonObject, options: argparse.Namespace) -> None:
    """Reads the project and the clusters of the control plane. Raises CommandError with the API's message.

    A server that one is signed in to judges by itself: of projects and clusters it shows what the user may see.
    """
    if chosen_server(options):
        return
    control_plane = str(options.namespace)
    try:
        known = {str(one["metadata"]["name"]): one for one in await _all(client, PROJECTS, control_plane)}
        secrets = await _all(client, SECRETS, control_plane, selector=TYPE_LABEL)
        config = await _config(client, control_plane)
    except StatusError:
        return
    if known and (text := refusal(app, known, secrets, config, control_plane)):
        raise CommandError(text, Exit.CALL_FAILED)


def refusal(
    app: JsonObject, known: dict[str, JsonObject], secrets: list[JsonObject], config: JsonObject, control_plane: str
) -> str:
    """The reason, or "". Pure; `known`: the projects, `secrets`: of clusters and repositories."""
    metadata, settings = app["metadata"], settings_of(config)
    spec = spec_of({**app, "spec": normalised(app.get("spec") or {})})
    project = spec.project or "default"
    namespace = str(metadata.get("namespace") or control_plane)
    if project not in known:
        return f'app is not allowed in project "{project}", or the project does not exist'
    book = ClusterBook(one for one in secrets if _type_of(one) == "cluster")
    repositories = [data["url"] for one in secrets if (data := _repository(one)) and data.get("project") == project]
    views = {name: read(AppProject, one) for name, one in known.items()}
    permits = permissions.effective(views[project], views, settings)
    permits = permissions.with_scoped(permits, book.of_project(project), repositories)
    if not permissions.permits_namespace_of_application(permits, namespace, control_plane):
        return f'app is not allowed in project "{project}", or the project does not exist'
    try:
        cluster = resolve(spec.destination, settings, book)
    except InvalidDestination as error:
        return f"application destination spec for {metadata['name']} is invalid: {error}"
    errors = spec_errors(spec)
    errors += permissions.refusals(permits, project, sources_of(spec), cluster, spec.destination.namespace)
    listed = "; ".join(f"InvalidSpecError: {text}" for text in errors)
    return f"application spec for {metadata['name']} is invalid: {listed}" if errors else ""


def _type_of(secret: JsonObject) -> Any:
    return (secret["metadata"].get("labels") or {}).get(TYPE_LABEL)


def _repository(secret: JsonObject) -> dict[str, str]:
    data = decoded(secret) if _type_of(secret) == "repository" else {}
    return data if data.get("url") else {}


async def _all(client: Client, resource: Resource, namespace: str, *, selector: str = "") -> list[JsonObject]:
    page = await client.page(requests.List(resource=resource, namespace=namespace, label_selector=selector))
    return list(page.items)


async def _config(client: Client, namespace: str) -> JsonObject:
    try:
        found = await client.get(requests.Get(CONFIG_MAPS, Key(namespace, "argocd-cm")))
    except StatusError as error:
        if error.is_not_found:
            return {}
        raise
    return dict(found.get("data") or {})
