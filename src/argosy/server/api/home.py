"""What needs a person now, over all capabilities: the worst first, each with the place where it can be acted on."""

from __future__ import annotations

from typing import Final, TypedDict

from argosy.server.api.application_rows import SEVERITIES, ApplicationRow, ApplicationRows
from argosy.server.api.endpoint import Asked, Endpoint
from argosy.server.api.objects import LISTED, ObjectRow, Objects
from argosy.server.api.pipelines import Pictures, StageNode
from argosy.server.calls import sign_in
from argosy.server.context import ServerContext

MOST: Final = 200
WAITING: Final = "Waiting"
"""The reason of a gate: only a person opens it, so it comes before what may mend itself."""


class Item(TypedDict):
    """`kind` is that of the object, or `Application`. `severity` is `broken` or `attention`."""

    kind: str
    namespace: str
    name: str
    severity: str
    reason: str
    message: str
    since: str
    until: str


class Home(TypedDict):
    """`counts` by severity, of everything that one may see."""

    items: list[Item]
    counts: dict[str, int]


def home_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    rows, objects, pictures = ApplicationRows(context), Objects(context), Pictures(context)

    async def home(asked: Asked) -> Home:
        found: list[Item] = []
        counts = dict.fromkeys(SEVERITIES, 0)
        for prepared in await rows.visible(asked.call):
            severity = prepared.row["why"]["severity"]
            counts[severity] += 1
            if severity in ("broken", "attention"):
                found.append(_application(prepared.row))
        gates = {(one["row"]["namespace"], one["row"]["name"]): one for one in await pictures.gates(asked.call)}
        for listed in LISTED.values():
            cache = await objects.cache(listed)
            for one in await objects.visible(asked.call, listed, cache) if cache is not None else ():
                gate = gates.get((one["namespace"], one["name"])) if one["kind"] == "Stage" else None
                item = _item(one) if gate is None or one["severity"] == "broken" else _gate(gate)
                counts[item["severity"]] += 1
                if item["severity"] in ("broken", "attention"):
                    found.append(item)
        found.sort(key=lambda item: item["name"])
        found.sort(key=lambda item: (SEVERITIES[item["severity"]], item["reason"] != WAITING, _later(item["since"])))
        return {"items": found[:MOST], "counts": counts}

    return (
        Endpoint(
            method="GET",
            path="/home",
            summary="What needs a person now",
            needs=sign_in(),
            answers=Home,
            answer=home,
        ),
    )


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
    }


def _gate(node: StageNode) -> Item:
    piece = node["next"]
    assert piece is not None, "a gate is where Freight waits"
    content = f": {piece['content']}" if piece["content"] else ""
    text = f"{piece['alias'] or piece['name'][:8]} waits for a person{content}"
    return {**_item(node["row"]), "severity": "attention", "reason": WAITING, "message": text}


def _later(since: str) -> tuple[int, ...]:
    """The newest first."""
    return tuple(-ord(char) for char in since)
