"""What needs a person now, over all capabilities: the worst first, each with the place where it can be acted on."""

from __future__ import annotations

from typing import Final, TypedDict

from argosy.server.api.application_rows import SEVERITIES, ApplicationRows
from argosy.server.api.endpoint import Asked, Endpoint
from argosy.server.api.objects import LISTED, Objects
from argosy.server.calls import sign_in
from argosy.server.context import ServerContext

MOST: Final = 200


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
    rows, objects = ApplicationRows(context), Objects(context)

    async def home(asked: Asked) -> Home:
        found: list[Item] = []
        counts = dict.fromkeys(SEVERITIES, 0)
        for prepared in await rows.visible(asked.call):
            row = prepared.row
            why = row["why"]
            counts[why["severity"]] += 1
            if why["severity"] in ("broken", "attention"):
                found.append(
                    {
                        "kind": "Application",
                        "namespace": row["namespace"],
                        "name": row["name"],
                        "severity": why["severity"],
                        "reason": why["reason"],
                        "message": why["message"],
                        "since": why.get("since", ""),
                        "until": why.get("until", ""),
                    }
                )
        for listed in LISTED.values():
            cache = await objects.cache(listed)
            for one in await objects.visible(asked.call, listed, cache) if cache is not None else ():
                counts[one["severity"]] += 1
                if one["severity"] in ("broken", "attention"):
                    found.append(
                        {
                            "kind": one["kind"],
                            "namespace": one["namespace"],
                            "name": one["name"],
                            "severity": one["severity"],
                            "reason": one["state"],
                            "message": one["message"],
                            "since": one["since"],
                            "until": one["until"],
                        }
                    )
        found.sort(key=lambda item: item["name"])
        found.sort(key=lambda item: (SEVERITIES[item["severity"]], _later(item["since"])))
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


def _later(since: str) -> tuple[int, ...]:
    """The newest first."""
    return tuple(-ord(char) for char in since)
