"""Finds an Application for a caller; one that the caller may not see does not exist for them (spec 3, rule 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.gitops.projects.permissions import permits_namespace_of_application
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.text.globs import matches
from argosy.server.calls import Call
from argosy.server.context import APPLICATIONS, ServerContext
from argosy.server.errors import ApiError, denied, invalid, not_found

RESOURCE: Final = "applications"


@dataclass(frozen=True, slots=True)
class Found:
    app: JsonObject
    target: str
    """The object in policies: `<project>/[<namespace>/]<name>`."""

    @property
    def project(self) -> str:
        return project_of(self.app)


def project_of(app: JsonObject) -> str:
    return str((app.get("spec") or {}).get("project") or "default")


def target_of(context: ServerContext, project: str, namespace: str, name: str) -> str:
    if not namespace or namespace == context.namespace:
        return f"{project}/{name}"
    return f"{project}/{namespace}/{name}"


def target_of_app(context: ServerContext, app: JsonObject) -> str:
    metadata = app.get("metadata") or {}
    return target_of(context, project_of(app), metadata.get("namespace") or "", metadata.get("name") or "")


def is_enabled(context: ServerContext, namespace: str) -> bool:
    """Whether Applications are allowed in that namespace."""
    allowed = context.gitops.plane.settings.application_namespaces
    return namespace == context.namespace or any(matches(item, namespace) for item in allowed)


def absent(name: str) -> ApiError:
    return not_found(f'applications.argoproj.io "{name}" not found')


async def find(
    context: ServerContext,
    call: Call,
    action: str,
    name: str,
    *,
    namespace: str = "",
    project: str = "",
    checks_project: bool = True,
) -> Found:
    """Reads from the API instead of the cache. Raises ApiError."""
    namespace = namespace or context.namespace
    if project and not call.may(RESOURCE, action, target_of(context, project, namespace, name)):
        raise denied()
    call.checked = True
    app = await _read(context, name, namespace)
    if app is None:
        raise absent(name) if project else denied()
    target = target_of_app(context, app)
    if not call.may(RESOURCE, action, target):
        raise absent(name) if project else denied()
    if project and project_of(app) != project:
        raise absent(name)
    call.permits[RESOURCE, action, target] = None
    if checks_project:
        check_project(context, app)
    return Found(app, target)


async def _read(context: ServerContext, name: str, namespace: str) -> JsonObject | None:
    if not is_enabled(context, namespace) or not name:
        return None
    try:
        return await context.client.get(requests.Get(APPLICATIONS, Key(namespace, name)))
    except StatusError as error:
        if error.is_not_found or error.code == 400:
            return None
        raise


def check_project(context: ServerContext, app: JsonObject) -> AppProjectSpec:
    """The project's effective spec. Raises ApiError if it does not exist, or does not accept the Application."""
    name = project_of(app)
    permits = context.gitops.plane.effective(name)
    namespace = str((app.get("metadata") or {}).get("namespace") or context.namespace)
    if permits is None or not permits_namespace_of_application(permits, namespace, context.namespace):
        raise invalid(f'app is not allowed in project "{name}", or the project does not exist')
    return permits
