"""Kubernetes Events of the kinds that this control plane is about, for those who may see the objects; the newest first.

One cache of all Events, made when somebody first asks; of those about other kinds it keeps the name alone.
"""

from __future__ import annotations

from typing import Final, TypedDict

from argosy.machinery.objects import JsonObject, Key, Resource, group_version
from argosy.runtime.caches.informer import Cache
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.listing import Prepared, Table, Wanted
from argosy.server.api.live.stream import Events
from argosy.server.api.objects import AT_ONCE, LISTED, RIGHTS, target_of
from argosy.server.calls import Call, sign_in
from argosy.server.context import APPLICATIONS, ServerContext
from argosy.server.services.applications.access import RESOURCE, is_enabled, target_of_app

EVENTS: Final = Resource("", "v1", "events", "Event")
KINDS: Final = {(one.resource.group, one.resource.kind): one.resource for one in LISTED.values()}
APPLICATION: Final = (APPLICATIONS.group, APPLICATIONS.kind)
LONGEST_MESSAGE: Final = 1000
PAUSE_SECONDS: Final = 1.0


class EventRow(TypedDict):
    """`kind`, `namespace` and `about`: of the object; `name` is that of the Event. `count`: how often it happened."""

    namespace: str
    name: str
    kind: str
    about: str
    time: str
    type: str
    reason: str
    message: str
    count: int


class EventPage(TypedDict):
    total: int
    matched: int
    rows: list[EventRow]
    facets: dict[str, dict[str, int]]


TABLE: Final[Table[EventRow]] = Table(
    facets={
        "kind": lambda row: (row["kind"],),
        "type": lambda row: (row["type"],),
        "reason": lambda row: (row["reason"],),
        "namespace": lambda row: (row["namespace"],),
    },
    columns={"time": lambda row: row["time"], "name": lambda row: row["name"]},
    text=lambda row: f"{row['kind']} {row['namespace']} {row['about']} {row['reason']} {row['message']}".lower(),
)
PARAMETERS: Final = (
    Parameter("search", "words to find in the event"),
    *(Parameter(name, f"of this {name}; any of several", repeated=True) for name in TABLE.facets),
    Parameter("offset", "events to skip", int),
    Parameter("limit", "maximum number of events, at most 500", int),
)


def event_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    def cache() -> Cache:
        return context.caches.cache(EVENTS, strip=slim)

    async def page(request: ApiRequest) -> EventPage:
        wanted = Wanted(
            search=request.one("search"),
            filters={name: frozenset(values) for name in TABLE.facets if (values := request.all(name))},
            sort="-time",
            offset=request.number("offset", 0),
            limit=request.number("limit", 100),
        )
        found = TABLE.window(await _visible(context, request.call, cache()), wanted)
        return {"total": found.total, "matched": found.matched, "rows": found.rows, "facets": found.facets}

    async def watched(request: ApiRequest) -> Events:
        async def now() -> JsonObject:
            return dict(await page(request))

        return Events(context, request.call, now, (cache(),), pause=PAUSE_SECONDS)

    return (
        Endpoint(
            method="GET",
            path="/events",
            summary="Events of Applications, pipelines, Rollouts and certificates",
            needs=sign_in(),
            parameters=PARAMETERS,
            answers=EventPage,
            answer=page,
        ),
        Endpoint(
            method="GET",
            path="/stream/events",
            summary="Events of Applications, pipelines, Rollouts and certificates, live",
            needs=sign_in(),
            parameters=PARAMETERS,
            stream=watched,
        ),
    )


async def _visible(context: ServerContext, call: Call, cache: Cache) -> list[Prepared[EventRow]]:
    """Yields to other tasks, since there may be many. Rights are asked once for each object."""
    await cache.wait_synced()
    allowed: dict[tuple[str, str, str, str], bool] = {}
    found: list[Prepared[EventRow]] = []
    for at, event in enumerate(cache.list(), 1):
        if at % AT_ONCE == 0:
            await context.clock.sleep(0)
        if "involvedObject" not in event:
            continue
        row, about = row_of(event), event["involvedObject"]
        place = (*kind_of(about), row["namespace"], row["about"])
        if place not in allowed:
            allowed[place] = _may_see(context, call, place)
        if allowed[place]:
            found.append(TABLE.prepared(row))
    return found


def _may_see(context: ServerContext, call: Call, place: tuple[str, str, str, str]) -> bool:
    group, kind, namespace, name = place
    if (group, kind) == APPLICATION:
        app = context.gitops.plane.applications.get(Key(namespace, name))
        return (
            app is not None
            and is_enabled(context, namespace)
            and call.may(RESOURCE, "get", target_of_app(context, app))
        )
    resource = KINDS.get((group, kind))
    return resource is not None and call.may(RIGHTS, "get", target_of(resource, namespace, name))


def kind_of(about: JsonObject) -> tuple[str, str]:
    return group_version(str(about.get("apiVersion") or ""))[0], str(about.get("kind") or "")


def slim(event: JsonObject) -> JsonObject:
    """What the cache keeps of an Event."""
    metadata = event["metadata"]
    kept: JsonObject = {
        "metadata": {
            name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion") if name in metadata
        }
    }
    about = event.get("involvedObject") or {}
    kind = kind_of(about)
    if kind != APPLICATION and kind not in KINDS:
        return kept
    names = ("type", "reason", "lastTimestamp", "eventTime", "firstTimestamp", "count", "series")
    kept |= {name: event[name] for name in names if event.get(name)}
    return kept | {"involvedObject": about, "message": str(event.get("message") or "")[:LONGEST_MESSAGE]}


def row_of(event: JsonObject) -> EventRow:
    """Pure. Of an Event of either API: the newer one counts in `series`."""
    about, series = event["involvedObject"], event.get("series") or {}
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return {
        "namespace": str(about.get("namespace") or ""),
        "name": str(event["metadata"]["name"]),
        "kind": str(about.get("kind") or ""),
        "about": str(about.get("name") or ""),
        "time": str(last or event.get("firstTimestamp") or ""),
        "type": str(event.get("type") or "Normal"),
        "reason": str(event.get("reason") or ""),
        "message": str(event.get("message") or ""),
        "count": int(series.get("count") or event.get("count") or 1),
    }
