"""Create, read, update and delete AppProjects; nobody may strand Applications or grant rights they lack."""

from __future__ import annotations

from typing import Any

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read as as_view
from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.model.application_spec import sources_of, spec_of
from argosy.gitops.projects import permissions
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.configuration import PROJECTS
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.services.differences import different_spec
from argosy.server.services.projects.validation import check
from argosy.server.services.projects.widening import widened

RESERVED = "default"


class Projects:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def list_all(self, call: Call) -> JsonObject:
        page = await self._context.client.page(requests.List(resource=PROJECTS, namespace=self._context.namespace))
        call.checked = True
        items = [item for item in page.items if call.may("projects", "get", item["metadata"]["name"])]
        return {"metadata": {"resourceVersion": page.resource_version}, "items": items or None}

    async def get(self, call: Call) -> JsonObject:
        return await read(self._context, call.request.get("name") or "")

    async def create(self, call: Call) -> JsonObject:
        project = given(call.request.get("project"), self._context)
        name = project["metadata"].get("name") or ""
        call.permit("projects", "create", name)
        check(project)
        if not name:
            raise invalid(
                'AppProject.argoproj.io "" is invalid: metadata.name: Required value: name or generateName is required'
            )
        made = {key: value for key, value in project.items() if key != "status"}
        try:
            created = await self._context.client.write(requests.create(PROJECTS, _stored(made)))
        except StatusError as error:
            if not error.is_already_exists:
                raise
            return await self._upsert(call, made)
        self._tell(call, created, "ResourceCreated", "created project")
        return await seen(self._context, created)

    async def _upsert(self, call: Call, made: JsonObject) -> JsonObject:
        name = made["metadata"]["name"]
        existing = await read(self._context, name)
        if call.request.get("upsert") is not True:
            before, after = (shaped("v1alpha1.AppProjectSpec", item.get("spec") or {}) for item in (existing, made))
            if before != after:
                raise invalid(different_spec("project", before, after, "v1alpha1.AppProjectSpec"))
            return existing
        call.permit("projects", "update", name)
        self._check_widening(call, existing.get("spec") or {}, made.get("spec") or {})
        written = await self._context.client.write(
            requests.update(PROJECTS, _stored({**existing, "spec": made.get("spec") or {}}))
        )
        self._tell(call, written, "ResourceUpdated", "updated project")
        return await seen(self._context, written)

    async def update(self, call: Call) -> JsonObject:
        project = given(call.request.get("project"), self._context)
        name = project["metadata"].get("name") or ""
        call.permit("projects", "update", name)
        check(project)
        stored = await read(self._context, name)
        self._check_widening(call, stored.get("spec") or {}, project.get("spec") or {})
        self._check_applications(name, stored, project)
        version = project["metadata"].get("resourceVersion")
        if not version:
            raise invalid(
                f'appprojects.argoproj.io "{name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be '
                "specified for an update"
            )
        body = {**project, "metadata": {**project["metadata"], "uid": stored["metadata"]["uid"]}}
        body["status"] = project.get("status") or stored.get("status") or {}
        written = await self._context.client.write(requests.update(PROJECTS, _stored(body)))
        self._tell(call, written, "ResourceUpdated", "updated project")
        return await seen(self._context, written)

    def _check_widening(self, call: Call, before: JsonObject, after: JsonObject) -> None:
        """Raises ApiError."""
        for right in widened(before, after):
            call.permit(*right)

    def _check_applications(self, name: str, stored: JsonObject, project: JsonObject) -> None:
        """In every namespace where Applications are allowed."""
        plane, sources, destinations = self._context.gitops.plane, 0, 0
        others = {**plane.projects_by_name(), name: as_view(AppProject, project)}
        before = plane.effective(name) or as_view(AppProject, stored).spec
        after = permissions.effective(others[name], others, plane.settings)
        scoped = plane.cluster_book.of_project(name)
        repositories = [item.url for item in plane.credentials.repositories if item.project == name]
        after = permissions.with_scoped(after, scoped, repositories)
        for app in plane.users_of(name):
            spec = spec_of(app)
            urls = [source.repo_url for source in sources_of(spec)]
            if all(permissions.permits_source(before, url) for url in urls) and not all(
                permissions.permits_source(after, url) for url in urls
            ):
                sources += 1
            try:
                cluster = self._context.engine.cluster(spec)
            except InvalidDestination:
                continue
            namespace = spec.destination.namespace
            if permissions.permits_destination(before, cluster, namespace) and not permissions.permits_destination(
                after, cluster, namespace
            ):
                destinations += 1
        parts = [f"{sources} applications source became invalid"] if sources else []
        parts += [f"{destinations} applications destination became invalid"] if destinations else []
        if parts:
            raise invalid(f"as a result of project update {' and '.join(parts)}")

    async def delete(self, call: Call) -> JsonObject:
        name = call.request.get("name") or ""
        call.checked = True
        if name == RESERVED:
            raise invalid(f"name '{name}' is reserved and cannot be deleted")
        call.permit("projects", "delete", name)
        project = await read(self._context, name)
        if count := len(self._context.gitops.plane.users_of(name)):
            raise invalid(f"project is referenced by {count} applications")
        await self._context.client.write(
            requests.remove(PROJECTS, Key(self._context.namespace, name), uid=project["metadata"]["uid"])
        )
        self._tell(call, project, "ResourceDeleted", "deleted project")
        return {}

    def _tell(self, call: Call, project: JsonObject, reason: str, what: str) -> None:
        self._context.events.record(project, reason, f"{call.caller.username or 'Unknown user'} {what}")


async def read(context: ServerContext, name: str) -> JsonObject:
    """Raises StatusError with the Kubernetes API's message."""
    if not name:
        raise ApiError(Code.NOT_FOUND, 'appprojects.argoproj.io "" not found')
    return await context.client.get(requests.Get(PROJECTS, Key(context.namespace, name)))


async def seen(context: ServerContext, written: JsonObject) -> JsonObject:
    """This process's permissions are updated at once."""
    cache = context.configuration.projects
    version, deadline = int(written["metadata"]["resourceVersion"]), context.clock.monotonic() + 2.0
    while cache.seen_up_to < version and context.clock.monotonic() < deadline:
        await context.clock.sleep(0.01)
    return cache.get(Key(context.namespace, written["metadata"]["name"])) or written


def given(project: Any, context: ServerContext) -> JsonObject:
    """The request's project. Raises ApiError."""
    if not isinstance(project, dict):
        raise invalid("missing payload 'project' in request")
    try:
        found = shaped("v1alpha1.AppProject", project)
    except Misshapen as error:
        raise invalid(f"project: {error}") from None
    return {**found, "metadata": {**found["metadata"], "namespace": context.namespace}}


def _stored(project: JsonObject) -> JsonObject:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", **project}
