"""Finds a set for a caller. Without the right to see it, the error does not reveal whether it exists."""

from __future__ import annotations

from typing import Final

from argosy.gitops.applicationsets.desired_applications import own_projects
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.context import APPLICATION_SETS, ServerContext
from argosy.server.errors import denied, not_found
from argosy.server.services.applications.access import is_enabled, target_of

RESOURCE: Final = "applicationsets"


def project_of(appset: JsonObject) -> str:
    template = (appset.get("spec") or {}).get("template") or {}
    return str((template.get("spec") or {}).get("project") or "")


def target_of_set(context: ServerContext, appset: JsonObject) -> str:
    """The object in policies: `<project>/[<namespace>/]<name>`; an empty project is the default one."""
    metadata = appset.get("metadata") or {}
    namespace, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
    return target_of(context, project_of(appset) or "default", namespace, name)


def targets_of_set(context: ServerContext, appset: JsonObject) -> list[str]:
    """This one, and one for each project that a generator's own template names: its Applications belong to it."""
    metadata = appset.get("metadata") or {}
    namespace, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
    own = [target_of(context, project, namespace, name) for project in own_projects(appset.get("spec") or {})]
    return list(dict.fromkeys([target_of_set(context, appset), *own]))


def check_namespace(context: ServerContext, namespace: str) -> None:
    """Raises ApiError."""
    if not is_enabled(context, namespace):
        raise denied(f"namespace '{namespace}' is not permitted")


async def find(context: ServerContext, call: Call, action: str, name: str, namespace: str) -> JsonObject:
    """Reads from the API instead of the cache. Raises ApiError."""
    namespace = namespace or context.namespace
    check_namespace(context, namespace)
    try:
        found = await context.client.get(requests.Get(APPLICATION_SETS, Key(namespace, name))) if name else None
    except StatusError as error:
        if not error.is_not_found and error.code != 400:
            raise
        found = None
    if found is None:
        if not call.may(RESOURCE, action, target_of(context, "*", namespace, name)):
            raise denied()
        # Upstream reads from a cache to get, and from the API server to delete: the messages differ.
        many = "s" if action == "delete" else ""
        raise not_found(f'error getting ApplicationSet{many}: applicationset{many}.argoproj.io "{name}" not found')
    call.permit_hidden(RESOURCE, action, target_of_set(context, found))
    return found
