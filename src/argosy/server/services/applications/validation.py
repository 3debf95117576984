"""Whether an Application may be stored: checks its project, its destination, and that its sources render."""

from __future__ import annotations

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.argoproj.project import AppProjectSpec
from argosy.gitops.clusters.connections import Connecting
from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.comparison.application_state import Look, Refused, StateReader
from argosy.gitops.keys import annotations_of
from argosy.gitops.manifests.generation import NotLoaded, NotRendered
from argosy.gitops.model.application_spec import normalised, sources_of, spec_errors, spec_of
from argosy.gitops.projects import permissions as projects
from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid, unknown
from argosy.server.services.applications.access import RESOURCE, check_project, project_of, target_of_app

MANAGED_BY: str = "argocd.argoproj.io/managed-by-url"


async def validated(
    context: ServerContext, call: Call, app: JsonObject, current: JsonObject | None, *, contacts_sources: bool
) -> JsonObject:
    """The Application with a normalised spec. Raises ApiError; `current`: the stored one."""
    name = str(app["metadata"].get("name") or "")
    if not name:
        raise invalid("metadata.name: an Application must have a name")
    spec = app.get("spec") or {}
    names = [item["name"] for item in spec.get("sources") or () if item.get("name")]
    if twice := next((item for item in names if names.count(item) > 1), ""):
        raise unknown(f"application {name} has duplicate source name: {twice}")
    if current is not None and project_of(current) != project_of(app):
        call.permit(RESOURCE, "create", target_of_app(context, app))
        call.permit(RESOURCE, "update", target_of_app(context, current))
    permits = check_project(context, app)
    made = {**app, "spec": normalised(spec)}
    _check_destination(context, made, permits)
    if contacts_sources:
        await _check_sources(context, made)
    return made


def _check_destination(context: ServerContext, app: JsonObject, permits: AppProjectSpec) -> None:
    name, spec = app["metadata"]["name"], spec_of(app)
    try:
        cluster = context.engine.cluster(spec)
    except InvalidDestination as error:
        raise invalid(f"application destination spec for {name} is invalid: {error}") from None
    errors = spec_errors(spec)
    errors += projects.refusals(permits, spec.project, sources_of(spec), cluster, spec.destination.namespace)
    url = annotations_of(app).get(MANAGED_BY)
    if url and not url.startswith(("http://", "https://")):
        errors.append(f"invalid managed-by URL: {url} is not an http or https URL")
    if errors:
        raise invalid(f"application spec for {name} is invalid: {'; '.join(f'InvalidSpecError: {e}' for e in errors)}")


async def _check_sources(context: ServerContext, app: JsonObject) -> None:
    """Renders the sources once; the result is not kept."""
    name, spec = app["metadata"]["name"], spec_of(app)
    asked = {**app, "metadata": {"namespace": context.namespace, **app["metadata"]}}
    try:
        await StateReader(context.engine).desired(asked, sources_of(spec), Look(max_age=0.0))
    except Connecting:
        return
    except Refused as error:
        cause = error.__context__
        if isinstance(cause, NotLoaded):
            text = said_of_source(cause, spec)
        else:
            text = "; ".join(message for _, message in error.found)
        raise invalid(f"application spec for {name} is invalid: InvalidSpecError: {text}") from None


def said_of_source(error: NotLoaded, spec: ApplicationSpec) -> str:
    """Which path cannot be rendered, and why."""
    sources = sources_of(spec)
    if not isinstance(error, NotRendered):
        return str(error)
    path = sources[error.number - 1].path if error.number <= len(sources) else ""
    return f"Unable to generate manifests in {path}: rpc error: code = Unknown desc = {error.cause}"


def conflict() -> ApiError:
    return ApiError(Code.INTERNAL, "Failed to update application. Too many conflicts")
