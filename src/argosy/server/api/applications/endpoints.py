"""Applications: windows on the list, and one of them with all that a person wants to know first."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NotRequired, TypedDict

from argosy.machinery.objects import JsonObject, Key
from argosy.server.api.applications.rows import TABLE, ApplicationRow, ApplicationRows, row_of, wanted
from argosy.server.api.applications.sources import HydrationShown, SourceShown, hydration_shown, sources_shown
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.listing import Unreadable
from argosy.server.api.live.shared_answers import OnlyOf, Shared
from argosy.server.api.live.stream import Events, SharedEvents
from argosy.server.calls import sign_in, within
from argosy.server.context import ServerContext
from argosy.server.errors import invalid
from argosy.server.services.applications.access import Found, find
from argosy.server.services.applications.resource_health import with_health

PARAMETERS: Final = (
    Parameter("search", "words to find in name, project, repository, path, revision or image"),
    Parameter("pattern", "a regular expression (RE2, ignoring case) to find in the name"),
    Parameter("selector", "a label selector, such as `team=a,tier in (web,api),!legacy`"),
    Parameter("annotation", "a required annotation: `name`, `!name`, or `name=value`; repeatable", repeated=True),
    *(Parameter(name, f"of this {name}; any of several", repeated=True) for name in TABLE.facets),
    Parameter("sort", f"{', '.join(TABLE.columns)}; `-` in front for descending"),
    Parameter("offset", "rows to skip", int),
    Parameter("limit", "maximum number of rows, at most 500", int),
)


class ApplicationPage(TypedDict):
    """`facets` have, for each value, the number of rows without that facet's own filter."""

    total: int
    matched: int
    rows: list[ApplicationRow]
    facets: dict[str, dict[str, int]]


class Condition(TypedDict):
    type: str
    message: str
    since: str


class Step(TypedDict):
    """One resource of an operation."""

    group: str
    kind: str
    namespace: str
    name: str
    phase: str
    wave: int
    status: str
    message: str
    hook: str


class OperationShown(TypedDict):
    """`by`: who started it; `automated` for automated sync."""

    phase: str
    message: str
    startedAt: str
    finishedAt: str
    by: str
    automated: bool
    revisions: list[str]
    retries: int
    steps: list[Step]


class Entry(TypedDict):
    """One deployment in the history, newest first."""

    id: int
    revisions: list[str]
    deployedAt: str
    startedAt: str
    by: str
    automated: bool
    source: dict[str, Any]


class ResourceShown(TypedDict):
    """One resource of the Application. `health` is empty for kinds without health."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    sync: str
    health: str
    healthMessage: str
    wave: int
    hook: bool
    pruned: bool


class ApplicationShown(TypedDict):
    """One Application. `spec` is as stored."""

    row: ApplicationRow
    conditions: list[Condition]
    resources: list[ResourceShown]
    operation: NotRequired[OperationShown]
    history: list[Entry]
    urls: list[str]
    sources: list[SourceShown]
    hydration: NotRequired[HydrationShown]
    spec: dict[str, Any]
    resourceVersion: str
    reconciledAt: str


def application_endpoints(context: ServerContext, rows: ApplicationRows) -> tuple[Endpoint, ...]:
    @cache
    def shared() -> Shared:
        return Shared(context.clock, (context.gitops.plane.applications, context.gitops.plane.projects))

    async def listed(request: ApiRequest) -> ApplicationPage:
        _check(request)
        return await page_of(rows, request)

    async def one(request: ApiRequest) -> ApplicationShown:
        found = await _found(context, request)
        return shown(context, found.app)

    async def watched(request: ApiRequest) -> Events:
        _check(request)
        question = wanted(request)

        async def now() -> JsonObject:
            return dict(await page_of(rows, request))

        return SharedEvents(context, request.call, now, shared(), question.identity)

    async def one_watched(request: ApiRequest) -> Events:
        name, namespace = request.path["name"], request.path["namespace"]
        found = await _found(context, request)
        key = Key(namespace, name)

        async def now() -> JsonObject:
            app = context.gitops.plane.applications.get(key)
            return dict(shown(context, app)) if app is not None else {"gone": f"{namespace}/{name}"}

        request.call.permit("applications", "get", found.target)
        return Events(context, request.call, now, (OnlyOf(context.gitops.plane.applications, namespace, name),))

    return (
        Endpoint(
            method="GET",
            path="/applications",
            summary="Applications that the caller may see, filtered, sorted and paged",
            needs=within("applications", "get"),
            parameters=PARAMETERS,
            answers=ApplicationPage,
            answer=listed,
        ),
        Endpoint(
            method="GET",
            path="/applications/{namespace}/{name}",
            summary="One Application",
            needs=within("applications", "get"),
            answers=ApplicationShown,
            answer=one,
        ),
        Endpoint(
            method="GET",
            path="/stream/applications",
            summary="Applications, live: events `snapshot` and `patch`",
            needs=sign_in(),
            parameters=PARAMETERS,
            stream=watched,
        ),
        Endpoint(
            method="GET",
            path="/stream/applications/{namespace}/{name}",
            summary="One Application, live",
            needs=within("applications", "get"),
            stream=one_watched,
        ),
    )


async def _found(context: ServerContext, request: ApiRequest) -> Found:
    """An Application that its project does not permit is shown, too: the caller must learn of it."""
    path = request.path
    return await find(context, request.call, "get", path["name"], namespace=path["namespace"], checks_project=False)


async def page_of(rows: ApplicationRows, request: ApiRequest) -> ApplicationPage:
    window = TABLE.window(await rows.visible(request.call), wanted(request))
    return {"total": window.total, "matched": window.matched, "rows": window.rows, "facets": window.facets}


def _check(request: ApiRequest) -> None:
    """Raises ApiError."""
    sort = request.one("sort", "name").removeprefix("-")
    if sort not in TABLE.columns:
        raise invalid(f"query: sort: {sort[:40]!r} is none of {', '.join(TABLE.columns)}")
    try:
        TABLE.window((), wanted(request))
    except Unreadable as error:
        raise invalid(f"query: {error}") from None


def shown(context: ServerContext, app: JsonObject) -> ApplicationShown:
    filled = with_health(context, app)
    status = filled.get("status") or {}
    found: ApplicationShown = {
        "row": row_of(filled, context.gitops.cluster_lookup.server_of(app), context),
        "conditions": [_condition(one) for one in status.get("conditions") or ()],
        "resources": [_resource(one) for one in status.get("resources") or ()],
        "history": [_entry(one) for one in reversed(status.get("history") or ())],
        "urls": [str(url) for url in (status.get("summary") or {}).get("externalURLs") or ()],
        "sources": sources_shown(filled),
        "spec": filled.get("spec") or {},
        "resourceVersion": str(app["metadata"].get("resourceVersion") or ""),
        "reconciledAt": str(status.get("reconciledAt") or ""),
    }
    if operation := status.get("operationState"):
        found["operation"] = _operation(operation)
    if (hydration := hydration_shown(filled)) is not None:
        found["hydration"] = hydration
    return found


def _condition(given: JsonObject) -> Condition:
    return {
        "type": str(given.get("type") or ""),
        "message": str(given.get("message") or ""),
        "since": str(given.get("lastTransitionTime") or ""),
    }


def _resource(given: JsonObject) -> ResourceShown:
    health = given.get("health") or {}
    return {
        "group": str(given.get("group") or ""),
        "version": str(given.get("version") or ""),
        "kind": str(given.get("kind") or ""),
        "namespace": str(given.get("namespace") or ""),
        "name": str(given.get("name") or ""),
        "sync": str(given.get("status") or ""),
        "health": str(health.get("status") or ""),
        "healthMessage": str(health.get("message") or ""),
        "wave": int(given.get("syncWave") or 0),
        "hook": bool(given.get("hook")),
        "pruned": bool(given.get("requiresPruning")),
    }


def _revisions(given: JsonObject) -> list[str]:
    several = [str(one) for one in given.get("revisions") or ()]
    return several or ([str(given["revision"])] if given.get("revision") else [])


def _operation(given: JsonObject) -> OperationShown:
    request, result = given.get("operation") or {}, given.get("syncResult") or {}
    by = request.get("initiatedBy") or {}
    return {
        "phase": str(given.get("phase") or ""),
        "message": str(given.get("message") or ""),
        "startedAt": str(given.get("startedAt") or ""),
        "finishedAt": str(given.get("finishedAt") or ""),
        "by": str(by.get("username") or ""),
        "automated": bool(by.get("automated")),
        "revisions": _revisions(result) or _revisions(request.get("sync") or {}),
        "retries": int(given.get("retryCount") or 0),
        "steps": [_step(one) for one in result.get("resources") or ()],
    }


def _step(given: JsonObject) -> Step:
    return {
        "group": str(given.get("group") or ""),
        "kind": str(given.get("kind") or ""),
        "namespace": str(given.get("namespace") or ""),
        "name": str(given.get("name") or ""),
        "phase": str(given.get("syncPhase") or ""),
        "wave": int(given.get("syncWave") or 0),
        "status": str(given.get("status") or given.get("hookPhase") or ""),
        "message": str(given.get("message") or ""),
        "hook": str(given.get("hookType") or ""),
    }


def _entry(given: JsonObject) -> Entry:
    by = given.get("initiatedBy") or {}
    return {
        "id": int(given.get("id") or 0),
        "revisions": _revisions(given),
        "deployedAt": str(given.get("deployedAt") or ""),
        "startedAt": str(given.get("deployStartedAt") or ""),
        "by": str(by.get("username") or ""),
        "automated": bool(by.get("automated")),
        "source": dict(given["sources"][0]) if given.get("sources") else dict(given.get("source") or {}),
    }
