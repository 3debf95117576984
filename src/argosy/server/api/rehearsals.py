"""Saved reports of rehearsals in the cluster (`argosy rehearse --save`).

Rights: the policy's resource `objects`, with objects such as `argosy.dev/Rehearsal/argocd/night`. A report shows
manifests of many Applications: it is for those who may get it, whatever else they may see.
"""

from __future__ import annotations

from typing import Any, Final, TypedDict

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import RIGHTS
from argosy.server.calls import Call, within
from argosy.server.configuration import CONFIG_MAPS
from argosy.server.context import ServerContext
from argosy.server.errors import not_found
from argosy.server.rehearsal_reports import LABEL, OUTCOME, PREFIX, REASON, report_of

SELECTOR: Final = f"{LABEL}=true"


class RehearsalRow(TypedDict):
    """`outcome`: delivered, waiting, unchanged, failed or stuck."""

    name: str
    outcome: str
    reason: str
    keptAt: str


class RehearsalList(TypedDict):
    """Newest first."""

    rehearsals: list[RehearsalRow]


class Rehearsed(TypedDict):
    """One line of the timeline; `kind` is empty for acts. `after`: time since the change, such as `1h30m0s`."""

    after: str
    at: str
    kind: str
    namespace: str
    name: str
    cluster: str
    severity: str
    text: str


class RehearsedObject(TypedDict):
    """`change`: create, update or delete; `lines` of a unified diff, values of Secrets masked."""

    kind: str
    namespace: str
    name: str
    change: str
    lines: list[str]


class RehearsedEnvironment(TypedDict):
    """The changes in one Application."""

    namespace: str
    application: str
    destination: str
    objects: list[RehearsedObject]


class RehearsedCommits(TypedDict):
    """Commits that promotions would push to a branch, oldest first."""

    repository: str
    branch: str
    commits: list[str]


class RehearsedFinding(TypedDict):
    """Something that waits, has failed or is in progress; `until` is empty if unknown."""

    kind: str
    namespace: str
    name: str
    cluster: str
    message: str
    until: str


class RehearsalNote(TypedDict):
    """`kind`: assumed, or sent (what would be sent)."""

    kind: str
    text: str


class Rehearsal(TypedDict):
    """A report; docs/rehearsals.md describes the fields. Times are virtual."""

    name: str
    seed: int
    began: str
    ended: str
    took: str
    outcome: str
    reason: str
    changes: list[str]
    timeline: list[Rehearsed]
    differences: list[RehearsedEnvironment]
    commits: list[RehearsedCommits]
    gates: list[RehearsedFinding]
    failures: list[RehearsedFinding]
    busy: list[RehearsedFinding]
    before: list[RehearsedFinding]
    notes: list[RehearsalNote]
    problems: list[str]


EMPTY: Final[dict[str, Any]] = {
    "name": "", "seed": 0, "began": "", "ended": "", "took": "", "outcome": "", "reason": "", "changes": [],
    "timeline": [], "differences": [], "commits": [], "gates": [], "failures": [], "busy": [], "before": [],
    "notes": [], "problems": [],
}  # fmt: skip


def rehearsal_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    rehearsals = Rehearsals(context)
    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/rehearsals",
            summary="Saved reports of rehearsals",
            needs=needs,
            answers=RehearsalList,
            answer=rehearsals.listed,
        ),
        Endpoint(
            method="GET",
            path="/rehearsals/{name}",
            summary="The result of a rehearsal: timeline, differences, gates",
            needs=needs,
            answers=Rehearsal,
            answer=rehearsals.one,
        ),
    )


class Rehearsals:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def listed(self, request: ApiRequest) -> RehearsalList:
        request.call.checked = True
        listing = requests.List(resource=CONFIG_MAPS, namespace=self._context.namespace, label_selector=SELECTOR)
        found = (await self._context.client.page(listing)).items
        rows = [row_of(one) for one in found if self._may(request.call, _name(one))]
        return {"rehearsals": sorted(rows, key=lambda row: (row["keptAt"], row["name"]), reverse=True)}

    async def one(self, request: ApiRequest) -> Rehearsal:
        """Raises ApiError: what one may not see answers as what is not there."""
        request.call.checked = True
        name = request.path["name"]
        found = await self._found(name) if self._may(request.call, name) else None
        if found is None:
            raise not_found(f'rehearsal "{name}" not found')
        made: Rehearsal = {field: found.get(field, empty) for field, empty in EMPTY.items()}  # type: ignore[assignment]
        return made

    async def _found(self, name: str) -> JsonObject | None:
        try:
            key = Key(self._context.namespace, f"{PREFIX}{name}")
            stored = await self._context.client.get(requests.Get(CONFIG_MAPS, key))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise
        return report_of(stored) if (stored["metadata"].get("labels") or {}).get(LABEL) == "true" else None

    def _may(self, call: Call, name: str) -> bool:
        return call.may(RIGHTS, "get", f"argosy.dev/Rehearsal/{self._context.namespace}/{name}")


def row_of(config_map: JsonObject) -> RehearsalRow:
    metadata = config_map["metadata"]
    managed = [str(one.get("time") or "") for one in metadata.get("managedFields") or ()]
    return {
        "name": _name(config_map),
        "outcome": str((metadata.get("labels") or {}).get(OUTCOME) or ""),
        "reason": str((metadata.get("annotations") or {}).get(REASON) or ""),
        "keptAt": max([str(metadata.get("creationTimestamp") or ""), *managed]),
    }


def _name(config_map: JsonObject) -> str:
    return str(config_map["metadata"]["name"]).removeprefix(PREFIX)
