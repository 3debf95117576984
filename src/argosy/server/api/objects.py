"""Rollouts, pipelines, certificates, sealed secrets, ApplicationSets: lists and single objects, each with its reason.

Rights: the policy's resource `objects`, with objects such as `argoproj.io/Rollout/team-a/web`. Values of Secrets are
in none of these kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informer import Cache
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.listing import Table, Wanted
from argosy.server.api.live.stream import Events
from argosy.server.api.object_states import (
    State,
    analysis_run,
    application_set,
    certificate,
    experiment,
    freight,
    issuer,
    promotion,
    rollout,
    sealed_secret,
    stage,
    warehouse,
)
from argosy.server.calls import Call, within
from argosy.server.context import APPLICATION_SETS, ServerContext
from argosy.server.errors import ApiError, not_found

RIGHTS: Final = "objects"


class ObjectRow(TypedDict):
    """One object of any kind. `facts` are the details specific to its kind, by name."""

    kind: str
    namespace: str
    name: str
    state: str
    severity: str
    message: str
    since: str
    until: str
    facts: dict[str, str]
    createdAt: str


class ObjectPage(TypedDict):
    total: int
    matched: int
    rows: list[ObjectRow]
    facets: dict[str, dict[str, int]]


class ObjectShown(TypedDict):
    """`object` is as stored, without internal metadata."""

    row: ObjectRow
    object: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    resource: Resource
    state: Callable[[JsonObject], State]


_KARGO: Final = "kargo.akuity.io"
_CERTS: Final = "cert-manager.io"
NO_NAMESPACE: Final = "-"
"""In the address of an object of the whole cluster."""
LISTED: Final[Mapping[str, Listed]] = {
    "rollouts": Listed(Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout"), rollout),
    "analysisruns": Listed(Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun"), analysis_run),
    "experiments": Listed(Resource("argoproj.io", "v1alpha1", "experiments", "Experiment"), experiment),
    "applicationsets": Listed(APPLICATION_SETS, application_set),
    "warehouses": Listed(Resource(_KARGO, "v1alpha1", "warehouses", "Warehouse"), warehouse),
    "stages": Listed(Resource(_KARGO, "v1alpha1", "stages", "Stage"), stage),
    "freight": Listed(Resource(_KARGO, "v1alpha1", "freights", "Freight"), freight),
    "promotions": Listed(Resource(_KARGO, "v1alpha1", "promotions", "Promotion"), promotion),
    "certificates": Listed(Resource(_CERTS, "v1", "certificates", "Certificate"), certificate),
    "issuers": Listed(Resource(_CERTS, "v1", "issuers", "Issuer"), issuer),
    "clusterissuers": Listed(Resource(_CERTS, "v1", "clusterissuers", "ClusterIssuer", namespaced=False), issuer),
    "sealedsecrets": Listed(Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret"), sealed_secret),
}
AT_ONCE: Final = 500
"""Objects processed before other tasks run."""
SEVERITIES: Final = {"broken": 0, "attention": 1, "busy": 2, "ok": 3}
TABLE: Final[Table[ObjectRow]] = Table(
    facets={
        "state": lambda row: (row["state"],),
        "namespace": lambda row: (row["namespace"],),
        "severity": lambda row: (row["severity"],),
    },
    columns={
        "name": lambda row: (row["name"], row["namespace"]),
        "state": lambda row: row["state"],
        "severity": lambda row: SEVERITIES[row["severity"]],
        "since": lambda row: row["since"],
        "until": lambda row: row["until"] or "~",
        "created": lambda row: row["createdAt"],
    },
    text=lambda row: " ".join((row["name"], row["namespace"], row["message"], *row["facts"].values())).lower(),
)
PARAMETERS: Final = (
    Parameter("search", "words to find in name, namespace, message and facts"),
    *(Parameter(name, f"of this {name}; any of several", repeated=True) for name in TABLE.facets),
    Parameter("sort", f"{', '.join(TABLE.columns)}; `-` in front for descending"),
    Parameter("offset", "rows to skip", int),
    Parameter("limit", "maximum number of rows, at most 500", int),
)


def target_of(resource: Resource, namespace: str, name: str) -> str:
    return f"{resource.group}/{resource.kind}/{namespace}/{name}"


def row_of(listed: Listed, obj: JsonObject) -> ObjectRow:
    metadata, state = obj["metadata"], listed.state(obj)
    return {
        "kind": listed.resource.kind,
        "namespace": str(metadata.get("namespace") or ""),
        "name": str(metadata["name"]),
        "state": state.state,
        "severity": state.severity,
        "message": state.message,
        "since": state.since,
        "until": state.until,
        "facts": dict(state.facts),
        "createdAt": str(metadata.get("creationTimestamp") or ""),
    }


class Objects:
    """Caches of the kinds that the API server serves; each starts at the first query."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def cache(self, listed: Listed) -> Cache | None:
        """None: the kind is not served."""
        if listed.resource not in (await self._context.client.served()).resources:
            return None
        found = self._context.caches.cache(listed.resource)
        await found.wait_synced()
        return found

    async def visible(self, call: Call, listed: Listed, cache: Cache) -> list[ObjectRow]:
        """Objects that the caller may see; yields to other tasks, since there may be 10,000."""
        call.checked = True
        found: list[ObjectRow] = []
        for at, obj in enumerate(cache.list(), 1):
            if at % AT_ONCE == 0:
                await self._context.clock.sleep(0)
            metadata = obj["metadata"]
            if call.may(RIGHTS, "get", target_of(listed.resource, metadata.get("namespace") or "", metadata["name"])):
                found.append(row_of(listed, obj))
        return found


def object_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    objects = Objects(context)
    return tuple(
        endpoint for name, listed in LISTED.items() for endpoint in _endpoints_of(context, objects, name, listed)
    )


class _Answers:
    """Of the endpoints of one kind."""

    def __init__(self, context: ServerContext, objects: Objects, listed: Listed) -> None:
        self._context, self._objects, self._listed = context, objects, listed

    async def page(self, request: ApiRequest) -> ObjectPage:
        return await _page(self._objects, request, self._listed, await self._objects.cache(self._listed))

    async def one(self, request: ApiRequest) -> ObjectShown:
        listed, namespace = self._listed, request.path["namespace"]
        cache = await self._objects.cache(listed)
        if not listed.resource.namespaced and namespace == NO_NAMESPACE:
            namespace = ""
        key = Key(namespace, request.path["name"])
        found = cache.get(key) if cache is not None else None
        if not request.call.may(RIGHTS, "get", target_of(listed.resource, *key)) or found is None:
            raise not_found(f'{listed.resource.plural}.{listed.resource.group} "{key.name}" not found')
        return {"row": row_of(listed, found), "object": without_server_fields(found)}

    async def one_watched(self, request: ApiRequest) -> Events:
        cache = await self._objects.cache(self._listed)
        await self.one(request)

        async def now() -> JsonObject:
            try:
                return dict(await self.one(request))
            except ApiError:
                return {"gone": "deleted"}

        return Events(self._context, request.call, now, (cache,) if cache is not None else ())

    async def watched(self, request: ApiRequest) -> Events:
        cache = await self._objects.cache(self._listed)
        request.call.checked = True

        async def now() -> JsonObject:
            return dict(await _page(self._objects, request, self._listed, cache))

        return Events(self._context, request.call, now, (cache,) if cache is not None else ())


def _endpoints_of(context: ServerContext, objects: Objects, name: str, listed: Listed) -> tuple[Endpoint, ...]:
    answers, kind, needs = _Answers(context, objects, listed), listed.resource.kind, within(RIGHTS, "get")
    of_none = "" if listed.resource.namespaced else f"; `{NO_NAMESPACE}` for the namespace"
    return (
        Endpoint(
            method="GET",
            path=f"/{name}",
            summary=f"A window on the objects of kind {kind} that one may see",
            needs=needs,
            parameters=PARAMETERS,
            answers=ObjectPage,
            answer=answers.page,
        ),
        Endpoint(
            method="GET",
            path=f"/{name}/{{namespace}}/{{name}}",
            summary=f"One {kind}{of_none}",
            needs=needs,
            answers=ObjectShown,
            answer=answers.one,
        ),
        Endpoint(
            method="GET",
            path=f"/stream/{name}",
            summary=f"A window on the objects of kind {kind}, live",
            needs=needs,
            parameters=PARAMETERS,
            stream=answers.watched,
        ),
        Endpoint(
            method="GET",
            path=f"/stream/{name}/{{namespace}}/{{name}}",
            summary=f"One {kind}, live; `gone` says that it was deleted{of_none}",
            needs=needs,
            stream=answers.one_watched,
        ),
    )


async def _page(objects: Objects, request: ApiRequest, listed: Listed, cache: Cache | None) -> ObjectPage:
    request.call.checked = True
    rows = await objects.visible(request.call, listed, cache) if cache is not None else []
    wanted = Wanted(
        search=request.one("search"),
        filters={name: frozenset(values) for name in TABLE.facets if (values := request.all(name))},
        sort=request.one("sort", "name"),
        offset=request.number("offset", 0),
        limit=request.number("limit", 50),
    )
    window = TABLE.window([TABLE.prepared(row) for row in rows], wanted)
    return {"total": window.total, "matched": window.matched, "rows": window.rows, "facets": window.facets}


def without_server_fields(obj: JsonObject) -> JsonObject:
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    annotations = dict(metadata.get("annotations") or {})
    if annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None) is not None:
        metadata["annotations"] = annotations
    return {**obj, "metadata": metadata}
