"""Validates a set sent by a client: its shape, a literal existing project, and the generators allowed there."""

from __future__ import annotations

from typing import Any

from argosy.gitops.applicationsets.desired_applications import own_projects
from argosy.machinery.objects import JsonObject
from argosy.server.context import ServerContext
from argosy.server.errors import invalid, unknown
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.services.application_sets.access import project_of

KINDS = (
    "list clusters git scmProvider clusterDecisionResource pullRequest plugin matrix merge".split()  # noqa: SIM905
)


def given_set(given: Any, context: ServerContext) -> JsonObject:
    """In the control plane's namespace unless it names another. Raises ApiError."""
    if not isinstance(given, dict):
        raise unknown("error creating ApplicationSets: ApplicationSets is nil in request")
    try:
        appset = shaped("v1alpha1.ApplicationSet", given)
    except Misshapen as error:
        raise invalid(f"applicationset: {error}") from None
    if any("{{" in project for project in (project_of(appset), *own_projects(appset.get("spec") or {}))):
        text = "the Argo CD API does not currently support creating ApplicationSets with templated `project` fields"
        raise invalid(f"error validating ApplicationSets: {text}")
    _check_generators(appset)
    metadata = appset.get("metadata") or {}
    return {**appset, "metadata": {**metadata, "namespace": metadata.get("namespace") or context.namespace}}


def check_project_of(context: ServerContext, appset: JsonObject) -> None:
    """Raises ApiError."""
    name = project_of(appset)
    if context.configuration.project(name) is None:
        raise invalid(f"ApplicationSet references project {name} which does not exist")


def _check_generators(appset: JsonObject) -> None:
    """Each entry must be exactly one generator. Raises ApiError."""
    entries = (appset.get("spec") or {}).get("generators") or ()
    if not all(isinstance(entry, dict) and any(entry.get(kind) is not None for kind in KINDS) for entry in entries):
        name = (appset.get("metadata") or {}).get("name") or ""
        raise invalid(f"error validating ApplicationSets: ApplicationSet {name} contains unrecognized generators")
