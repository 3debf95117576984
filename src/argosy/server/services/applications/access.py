"""An Application for a caller, or the refusal: what one may not see answers as what is not there (spec 3, rule 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from argosy.gitops.model.globs import matches
from argosy.gitops.projects.permissions import permits_namespace_of_application
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.errors import ApiError, denied, invalid, not_found
from argosy.server.world import APPLICATIONS, World

RESOURCE: Final = "applications"


@dataclass(frozen=True, slots=True)
class Found:
    app: JsonObject
    target: str
    """As the object of permissions: `<project>/[<namespace>/]<name>`."""

    @property
    def project(self) -> str:
        return project_of(self.app)


def project_of(app: JsonObject) -> str:
    return str((app.get("spec") or {}).get("project") or "default")


def target_of(world: World, project: str, namespace: str, name: str) -> str:
    if not namespace or namespace == world.namespace:
        return f"{project}/{name}"
    return f"{project}/{namespace}/{name}"


def target_of_app(world: World, app: JsonObject) -> str:
    metadata = app.get("metadata") or {}
    return target_of(world, project_of(app), metadata.get("namespace") or "", metadata.get("name") or "")


def is_enabled(world: World, namespace: str) -> bool:
    """Whether Applications may be in that namespace at all."""
    allowed = world.gitops.plane.settings.application_namespaces
    return namespace == world.namespace or any(matches(item, namespace) for item in allowed)


def absent(name: str) -> ApiError:
    return not_found(f'applications.argoproj.io "{name}" not found')


async def find(
    world: World,
    call: Call,
    action: str,
    name: str,
    *,
    namespace: str = "",
    project: str = "",
    checks_project: bool = True,
) -> Found:
    """Read anew from the API. Raises ApiError."""
    namespace = namespace or world.namespace
    if project and not call.may(RESOURCE, action, target_of(world, project, namespace, name)):
        raise denied()
    call.checked = True
    app = await _read(world, name, namespace)
    if app is None:
        raise absent(name) if project else denied()
    target = target_of_app(world, app)
    if not call.may(RESOURCE, action, target):
        raise absent(name) if project else denied()
    if project and project_of(app) != project:
        raise absent(name)
    call.permits[RESOURCE, action, target] = None
    if checks_project:
        check_project(world, app)
    return Found(app, target)


async def _read(world: World, name: str, namespace: str) -> JsonObject | None:
    if not is_enabled(world, namespace) or not name:
        return None
    try:
        return await world.client.get(requests.Get(APPLICATIONS, Key(namespace, name)))
    except StatusError as error:
        if error.is_not_found or error.code == 400:
            return None
        raise


def check_project(world: World, app: JsonObject) -> JsonObject:
    """The effective spec of the project. Raises ApiError when there is none, or it does not take the Application."""
    name = project_of(app)
    permits = world.gitops.plane.effective(name)
    namespace = str((app.get("metadata") or {}).get("namespace") or world.namespace)
    if permits is None or not permits_namespace_of_application(permits, namespace, world.namespace):
        raise invalid(f'app is not allowed in project "{name}", or the project does not exist')
    return permits
