"""A project's pipeline as one picture: warehouses, stages with the Freight they hold, what runs and what waits.

Rights are those of the single objects: what one may not see is not in the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypedDict

from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.runtime.caches.informer import Cache
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.live.stream import Events
from argosy.server.api.objects import LISTED, RIGHTS, ObjectRow, Objects, row_of, target_of
from argosy.server.calls import Call, within
from argosy.server.context import ServerContext
from argosy.server.errors import not_found

KINDS: Final = ("warehouses", "stages", "freight", "promotions")
MOST_FREIGHT: Final = 50
"""Pieces of the time line, the newest first."""
ACTIVE: Final = frozenset({"Pending", "Running"})


class Takes(TypedDict):
    """Freight of a warehouse: `direct` from it, or after verification in `stages`."""

    warehouse: str
    direct: bool
    stages: list[str]


class Piece(TypedDict):
    """Freight, in short."""

    name: str
    alias: str
    content: str


class Hold(TypedDict):
    """A hold: automatic promotion of an origin is paused at manually chosen Freight, until the newest is promoted."""

    origin: str
    freight: str
    by: str
    since: str


class StageNode(TypedDict):
    """`waiting`: the number of available Freight newer than its current one, `next`: the newest of them.

    `promotions`: running and pending ones, in order. `controlFlow`: the stage has no promotion steps.
    """

    row: ObjectRow
    takes: list[Takes]
    holds: list[Piece]
    controlFlow: bool
    automatic: bool
    waiting: int
    next: Piece | None
    promotions: list[ObjectRow]
    onHold: list[Hold]
    verification: str
    """The phase of the newest verification of what it holds; empty where there is none."""


class Pipeline(TypedDict):
    """Everything in a project that the caller may see; `freight`: newest first."""

    project: str
    warehouses: list[ObjectRow]
    stages: list[StageNode]
    freight: list[ObjectRow]


class PipelineRow(TypedDict):
    """A project with pipelines, and the number of its stages by state."""

    project: str
    warehouses: int
    stages: int
    broken: int
    attention: int
    promoting: int


class PipelineList(TypedDict):
    pipelines: list[PipelineRow]


def pipeline_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    pictures = Pictures(context)
    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/pipelines",
            summary="The projects with pipelines that the caller may see",
            needs=needs,
            answers=PipelineList,
            answer=pictures.projects,
        ),
        Endpoint(
            method="GET",
            path="/pipelines/{project}",
            summary="The pipeline of a project",
            needs=needs,
            answers=Pipeline,
            answer=pictures.picture,
        ),
        Endpoint(
            method="GET",
            path="/stream/pipelines/{project}",
            summary="The pipeline of a project, live",
            needs=needs,
            stream=pictures.watched,
        ),
    )


class Pictures:
    def __init__(self, context: ServerContext) -> None:
        self._context, self._objects = context, Objects(context)

    async def projects(self, request: ApiRequest) -> PipelineList:
        request.call.checked = True
        rows: dict[str, PipelineRow] = {}
        for kind in ("warehouses", "stages"):
            cache = await self._objects.cache(LISTED[kind])
            for row in await self._objects.visible(request.call, LISTED[kind], cache) if cache is not None else ():
                _count(rows.setdefault(row["namespace"], _empty(row["namespace"])), kind, row)
        return {"pipelines": [rows[project] for project in sorted(rows)]}

    async def picture(self, request: ApiRequest) -> Pipeline:
        """Raises ApiError: the project does not exist, or the caller may see nothing of it."""
        found = await self._picture(request)
        if not found["warehouses"] and not found["stages"]:
            raise not_found(f"there is no pipeline in the project {request.path['project'][:100]!r}")
        return found

    async def watched(self, request: ApiRequest) -> Events:
        request.call.checked = True
        caches = [cache for kind in KINDS if (cache := await self._objects.cache(LISTED[kind])) is not None]

        async def now() -> JsonObject:
            return dict(await self._picture(request))

        return Events(self._context, request.call, now, caches, ages=True)

    async def gates(self, call: Call) -> list[StageNode]:
        """Visible stages where Freight waits for a person: nothing promotes it automatically."""
        caches = {kind: await self._objects.cache(LISTED[kind]) for kind in ("stages", "freight", "promotions")}
        stages = caches["stages"]
        projects = {str(one["metadata"].get("namespace")) for one in (stages.list() if stages is not None else ())}
        now = self._context.clock.now()
        nodes: list[StageNode] = []
        for project in sorted(projects):
            found = {kind: _seen(call, kind, cache, project) for kind, cache in caches.items()}
            pieces = sorted(found["freight"], key=_created, reverse=True)
            active = _active([row_of(LISTED["promotions"], one) for one in found["promotions"]])
            nodes += [stage_node(one, pieces, active, now) for one in sorted(found["stages"], key=_name)]
        return [node for node in nodes if is_gate(node)]

    async def _picture(self, request: ApiRequest) -> Pipeline:
        request.call.checked = True
        project = request.path["project"]
        found = {kind: _seen(request.call, kind, await self._objects.cache(LISTED[kind]), project) for kind in KINDS}
        pieces = sorted(found["freight"], key=_created, reverse=True)
        active = _active([row_of(LISTED["promotions"], one) for one in sorted(found["promotions"], key=_name)])
        now = self._context.clock.now()
        return {
            "project": project,
            "warehouses": [row_of(LISTED["warehouses"], one) for one in sorted(found["warehouses"], key=_name)],
            "stages": [stage_node(one, pieces, active, now) for one in sorted(found["stages"], key=_name)],
            "freight": [row_of(LISTED["freight"], one) for one in pieces[:MOST_FREIGHT]],
        }


def stage_node(stage: JsonObject, pieces: list[JsonObject], active: Iterable[ObjectRow], now: datetime) -> StageNode:
    """Pure. `pieces`: newest first."""
    spec, name = stage.get("spec") or {}, stage["metadata"]["name"]
    template = (spec.get("promotionTemplate") or {}).get("spec") or {}
    by_name = {_name(piece): piece for piece in pieces}
    held = _held(stage)
    waiting = _waiting(stage, pieces, held, now)
    return {
        "row": row_of(LISTED["stages"], stage),
        "takes": [_takes(one) for one in spec.get("requestedFreight") or ()],
        "holds": [_piece(by_name.get(one), one) for one in held],
        "controlFlow": not template.get("steps"),
        "automatic": bool((stage.get("status") or {}).get("autoPromotionEnabled")),
        "waiting": len(waiting),
        "next": _piece(waiting[0], _name(waiting[0])) if waiting else None,
        "promotions": [row for row in active if row["facts"].get("stage") == name],
        "onHold": _holds(stage),
        "verification": _verification(stage),
    }


def is_gate(node: StageNode) -> bool:
    """Whether a person must decide: Freight waits, without automatic promotion and without a running one. Pure."""
    return bool(node["waiting"]) and not node["automatic"] and not node["controlFlow"] and not node["promotions"]


def _active(promotions: Iterable[ObjectRow]) -> list[ObjectRow]:
    return [row for row in promotions if row["state"] in ACTIVE]


def _waiting(stage: JsonObject, pieces: list[JsonObject], held: list[str], now: datetime) -> list[JsonObject]:
    from argosy.apis.kargo import Freight, Stage
    from argosy.promotion.freight.availability import availability

    view = read(Stage, stage)
    youngest = max((_created(piece) for piece in pieces if _name(piece) in held), default=("", ""))
    return [
        piece
        for piece in pieces
        if _created(piece) > youngest and _name(piece) not in held and availability(view, read(Freight, piece), now)
    ]


def _held(stage: JsonObject) -> list[str]:
    history: list[JsonObject] = (stage.get("status") or {}).get("freightHistory") or [{}]
    return sorted(str(one.get("name")) for one in (history[0].get("items") or {}).values())


def _holds(stage: JsonObject) -> list[Hold]:
    found = (stage.get("status") or {}).get("effectiveAutoPromotionHolds") or {}
    return [
        {
            "origin": str(origin),
            "freight": str(one.get("freightName") or ""),
            "by": str(one.get("actor") or ""),
            "since": str(one.get("createdAt") or ""),
        }
        for origin, one in sorted(found.items())
    ]


def _verification(stage: JsonObject) -> str:
    history: list[JsonObject] = (stage.get("status") or {}).get("freightHistory") or [{}]
    newest: JsonObject = (history[0].get("verificationHistory") or [{}])[0]
    return str(newest.get("phase") or "")


def _takes(requested: JsonObject) -> Takes:
    sources = requested.get("sources") or {}
    return {
        "warehouse": str((requested.get("origin") or {}).get("name") or ""),
        "direct": bool(sources.get("direct")),
        "stages": [str(one) for one in sources.get("stages") or ()],
    }


def _piece(found: JsonObject | None, name: str) -> Piece:
    facts: Mapping[str, str] = LISTED["freight"].state(found).facts if found is not None else {}
    return {"name": name, "alias": facts.get("alias", ""), "content": facts.get("content", "")}


def _seen(call: Call, kind: str, cache: Cache | None, project: str) -> list[JsonObject]:
    resource = LISTED[kind].resource
    return [
        obj
        for obj in (cache.list(project) if cache is not None else ())
        if call.may(RIGHTS, "get", target_of(resource, project, _name(obj)))
    ]


def _count(found: PipelineRow, kind: str, row: ObjectRow) -> None:
    if kind == "warehouses":
        found["warehouses"] += 1
        return
    found["stages"] += 1
    if row["severity"] == "broken":
        found["broken"] += 1
    if row["severity"] == "attention":
        found["attention"] += 1
    if row["state"] == "Promoting":
        found["promoting"] += 1


def _empty(project: str) -> PipelineRow:
    return {"project": project, "warehouses": 0, "stages": 0, "broken": 0, "attention": 0, "promoting": 0}


def _name(obj: JsonObject) -> str:
    return str(obj["metadata"]["name"])


def _created(obj: JsonObject) -> tuple[str, str]:
    return str(obj["metadata"].get("creationTimestamp") or ""), _name(obj)
