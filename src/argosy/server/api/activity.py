"""Who did what lately: the audit lines of this process (security rule 18), the newest first.

Right: the policy's `objects, get, argosy.dev/Activity//*`; a line names people and objects that not everybody may see.
"""

from __future__ import annotations

from typing import Final, TypedDict

from argosy.machinery.objects import JsonObject
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.listing import Table, Wanted
from argosy.server.api.live.stream import Events
from argosy.server.api.objects import RIGHTS
from argosy.server.calls import within
from argosy.server.context import ServerContext

TARGET: Final = "argosy.dev/Activity//all"


class Act(TypedDict):
    """One call that would change something, and its result; `name` identifies the record, `namespace` is empty."""

    namespace: str
    name: str
    time: str
    subject: str
    address: str
    method: str
    object: dict[str, str]
    result: str


class ActPage(TypedDict):
    total: int
    matched: int
    rows: list[Act]
    facets: dict[str, dict[str, int]]


TABLE: Final[Table[Act]] = Table(
    facets={
        "subject": lambda row: (row["subject"],),
        "method": lambda row: (row["method"],),
        "result": lambda row: (row["result"],),
    },
    columns={"time": lambda row: row["time"], "name": lambda row: row["name"]},
    text=lambda row: " ".join((row["subject"], row["method"], row["result"], *row["object"].values())).lower(),
)
PARAMETERS: Final = (
    Parameter("search", "words to find in the record"),
    *(Parameter(name, f"of this {name}; any of several", repeated=True) for name in TABLE.facets),
    Parameter("offset", "records to skip", int),
    Parameter("limit", "maximum number of records, at most 500", int),
)


def activity_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    def page(request: ApiRequest) -> ActPage:
        request.call.permit(RIGHTS, "get", TARGET)
        wanted = Wanted(
            search=request.one("search"),
            filters={name: frozenset(values) for name in TABLE.facets if (values := request.all(name))},
            sort="-time",
            offset=request.number("offset", 0),
            limit=request.number("limit", 100),
        )
        found = TABLE.window([TABLE.prepared(act_of(line)) for line in context.activity.newest_first()], wanted)
        return {"total": found.total, "matched": found.matched, "rows": found.rows, "facets": found.facets}

    async def answer(request: ApiRequest) -> ActPage:
        return page(request)

    async def watched(request: ApiRequest) -> Events:
        page(request)

        async def now() -> JsonObject:
            return dict(page(request))

        return Events(context, request.call, now, (context.activity,))

    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/activity",
            summary="Recent changes and who made them",
            needs=needs,
            parameters=PARAMETERS,
            answers=ActPage,
            answer=answer,
        ),
        Endpoint(
            method="GET",
            path="/stream/activity",
            summary="Who did what lately, live",
            needs=needs,
            parameters=PARAMETERS,
            stream=watched,
        ),
    )


def act_of(line: JsonObject) -> Act:
    """Pure. From an audit record."""
    return {
        "namespace": "",
        "name": str(line.get("trace") or ""),
        "time": str(line.get("time") or ""),
        "subject": str(line.get("subject") or ""),
        "address": str(line.get("address") or ""),
        "method": str(line.get("method") or ""),
        "object": {str(key): str(value) for key, value in (line.get("object") or {}).items()},
        "result": str(line.get("result") or ""),
    }
