"""What needs attention, across all capabilities: the worst first, each with the page where it can be handled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final, TypedDict

from argosy.machinery.objects import JsonObject
from argosy.runtime.caches.informer import Cache
from argosy.server.api.applications.rows import SEVERITIES, ApplicationRow, ApplicationRows
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.live.changes import Changing
from argosy.server.api.live.shared_answers import Shared
from argosy.server.api.live.stream import Events, SharedEvents
from argosy.server.api.objects import LISTED, ObjectRow, Objects
from argosy.server.api.pipelines import Pictures, StageNode
from argosy.server.calls import Call, sign_in
from argosy.server.context import ServerContext
from argosy.server.errors import invalid

MOST: Final = 200
MOST_ALIKE: Final = 20
"""Items of one kind and reason."""
MOST_FAVOURITES: Final = 100
PAUSE_SECONDS: Final = 1.0
"""Changes within this time are one event, after which everything is recomputed."""
WAITING: Final = "Waiting"
"""The reason of a gate: only a person opens it, so it precedes what may recover by itself."""


class Item(TypedDict):
    """`kind` is that of the object, or `Application`. `severity` is `broken` or `attention`. `facts` as in its list."""

    kind: str
    namespace: str
    name: str
    severity: str
    reason: str
    message: str
    since: str
    until: str
    facts: dict[str, str]


class Alike(TypedDict):
    """Objects of one kind that need attention for one reason; the items have the first of them."""

    kind: str
    reason: str
    severity: str
    count: int


class Home(TypedDict):
    """`counts` by severity, of everything that the caller may see. `favourites` in the requested order.

    `alike`: all that need attention, grouped, in the order of the items.

    A favourite that does not exist, or that the caller may not see, is omitted. It may have any severity.
    """

    items: list[Item]
    alike: list[Alike]
    counts: dict[str, int]
    favourites: list[Item]


PARAMETERS: Final = (
    Parameter(
        "favourite",
        "`<kind>/<namespace>/<name>`, such as `Application/argocd/web`: always included with its state",
        repeated=True,
    ),
)


def home_endpoints(context: ServerContext, rows: ApplicationRows) -> tuple[Endpoint, ...]:
    homes = Homes(context, rows)
    return (
        Endpoint(
            method="GET",
            path="/home",
            summary="What needs attention now, and the state of favourites",
            needs=sign_in(),
            parameters=PARAMETERS,
            answers=Home,
            answer=homes.home,
        ),
        Endpoint(
            method="GET",
            path="/stream/home",
            summary="What needs attention now, live",
            needs=sign_in(),
            parameters=PARAMETERS,
            stream=homes.watched,
        ),
    )


class Homes:
    def __init__(self, context: ServerContext, rows: ApplicationRows) -> None:
        self._context = context
        self._rows, self._objects, self._pictures = rows, Objects(context), Pictures(context)
        self._shared: tuple[list[Cache], Shared] | None = None

    async def home(self, request: ApiRequest) -> Home:
        found: list[Item] = []
        counts = dict.fromkeys(SEVERITIES, 0)
        wanted = favourites_of(request.all("favourite"))
        favourites: dict[str, Item] = {}
        async for item in self._all(request.call):
            counts[item["severity"]] += 1
            if item["severity"] in ("broken", "attention"):
                found.append(item)
            if wanted and (place := _place(item)) in wanted:
                favourites[place] = item
        found.sort(key=lambda item: item["name"])
        found.sort(key=lambda item: (SEVERITIES[item["severity"]], item["reason"] != WAITING, _later(item["since"])))
        chosen = [favourites[place] for place in wanted if place in favourites]
        items, alike = grouped(found)
        return {"items": items, "alike": alike, "counts": counts, "favourites": chosen}

    async def watched(self, request: ApiRequest) -> Events:
        favourites_of(request.all("favourite"))

        async def now() -> JsonObject:
            return dict(await self.home(request))

        shared, question = await self._sharing(), ("home", request.all("favourite"))
        return SharedEvents(self._context, request.call, now, shared, question, pause=PAUSE_SECONDS, ages=True)

    async def _sharing(self) -> Shared:
        """Kinds that are installed later are included for pages opened after that."""
        caches = [cache for one in LISTED.values() if (cache := await self._objects.cache(one)) is not None]
        if self._shared is None or self._shared[0] != caches:
            watched: list[Changing] = [self._context.gitops.plane.applications, *caches]
            self._shared = (caches, Shared(self._context.clock, watched, ages=True))
        return self._shared[1]

    async def _all(self, call: Call) -> AsyncGenerator[Item, None]:
        for prepared in await self._rows.visible(call):
            yield _application(prepared.row)
        gates = {(one["row"]["namespace"], one["row"]["name"]): one for one in await self._pictures.gates(call)}
        for listed in LISTED.values():
            cache = await self._objects.cache(listed)
            for one in await self._objects.visible(call, listed, cache) if cache is not None else ():
                gate = gates.get((one["namespace"], one["name"])) if one["kind"] == "Stage" else None
                yield _item(one) if gate is None or one["severity"] == "broken" else _gate(gate)


def grouped(found: Sequence[Item]) -> tuple[list[Item], list[Alike]]:
    """The first items of each kind and reason, and how many there are of each. Pure. `found`: sorted."""
    groups: dict[tuple[str, str], Alike] = {}
    items: list[Item] = []
    for item in found:
        kind, reason, severity = item["kind"], item["reason"], item["severity"]
        group = groups.setdefault((kind, reason), {"kind": kind, "reason": reason, "severity": severity, "count": 0})
        group["count"] += 1
        if group["count"] <= MOST_ALIKE and len(items) < MOST:
            items.append(item)
    return items, list(groups.values())


def favourites_of(given: Sequence[str]) -> dict[str, None]:
    """In the given order. Pure. Raises ApiError."""
    for text in given:
        kind, _, rest = text.partition("/")
        if text.count("/") != 2 or not kind or rest.endswith("/"):
            raise invalid(f"query: favourite: {text[:80]!r} is none: <kind>/<namespace>/<name> is, or <kind>//<name>")
    if len(given) > MOST_FAVOURITES:
        raise invalid(f"query: favourite: {len(given)} are asked, {MOST_FAVOURITES} at most")
    return dict.fromkeys(given)


def _place(item: Item) -> str:
    return f"{item['kind']}/{item['namespace']}/{item['name']}"


def _application(row: ApplicationRow) -> Item:
    why = row["why"]
    return {
        "kind": "Application",
        "namespace": row["namespace"],
        "name": row["name"],
        "severity": why["severity"],
        "reason": why["reason"],
        "message": why["message"],
        "since": why.get("since", ""),
        "until": why.get("until", ""),
        "facts": {},
    }


def _item(row: ObjectRow) -> Item:
    return {
        "kind": row["kind"],
        "namespace": row["namespace"],
        "name": row["name"],
        "severity": row["severity"],
        "reason": row["state"],
        "message": row["message"],
        "since": row["since"],
        "until": row["until"],
        "facts": row["facts"],
    }


def _gate(node: StageNode) -> Item:
    piece = node["next"]
    assert piece is not None, "a gate is where Freight waits"
    content = f": {piece['content']}" if piece["content"] else ""
    text = f"{piece['alias'] or piece['name'][:8]} waits for a person{content}"
    return {**_item(node["row"]), "severity": "attention", "reason": WAITING, "message": text}


def _later(since: str) -> tuple[int, ...]:
    """Newest first."""
    return tuple(-ord(char) for char in since)
