"""Applications as rows of a list: computed once per version of an object, filtered by rights for each caller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NotRequired, TypedDict

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.server.api.applications.why import Why, why
from argosy.server.api.listing import Prepared, Table, Wanted
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.permissions.enforcement import Enforcer, Subject
from argosy.server.services.applications.access import RESOURCE, is_enabled, project_of, target_of_app


class ApplicationRow(TypedDict):
    """One Application, as a list shows it: `repository` to `revision` are those of its first source."""

    namespace: str
    name: str
    project: str
    sync: str
    health: str
    why: Why
    repository: str
    path: str
    targetRevision: str
    revision: str
    otherSources: int
    cluster: str
    destinationNamespace: str
    automated: bool
    phase: str
    syncedAt: NotRequired[str]
    createdAt: str
    labels: dict[str, str]
    images: list[str]
    conditions: list[str]


log = logging.getLogger(__name__)
AT_ONCE: Final = 200
"""Applications processed before other tasks run."""
SETTLING_SECONDS: Final = 1.0
"""Several changes of an Application within this time need one row; who asks meanwhile gets it at once."""
MOST_SUBJECTS: Final = 16
"""Subjects whose rights are cached."""
SEVERITIES: Final = {"broken": 0, "attention": 1, "busy": 2, "ok": 3}
TABLE: Final[Table[ApplicationRow]] = Table(
    facets={
        "sync": lambda row: (row["sync"],),
        "health": lambda row: (row["health"],),
        "project": lambda row: (row["project"],),
        "cluster": lambda row: (row["cluster"],),
        "namespace": lambda row: (row["destinationNamespace"],),
        "reason": lambda row: (row["why"]["reason"],),
        "condition": lambda row: row["conditions"],
        "automated": lambda row: ("on" if row["automated"] else "off",),
        "label": lambda row: tuple(f"{key}={value}" for key, value in row["labels"].items()),
    },
    columns={
        "name": lambda row: (row["name"], row["namespace"]),
        "project": lambda row: row["project"],
        "sync": lambda row: row["sync"],
        "health": lambda row: row["health"],
        "severity": lambda row: SEVERITIES[row["why"]["severity"]],
        "created": lambda row: row["createdAt"],
        "synced": lambda row: row.get("syncedAt", ""),
    },
    text=lambda row: " ".join(
        (row["name"], row["namespace"], row["project"], row["repository"], row["path"], row["revision"], *row["images"])
    ).lower(),
)


@dataclass(slots=True)
class _Seen:
    """What one subject may see. `changed` since it was looked at."""

    enforcer: Enforcer
    namespaces: tuple[str, ...]
    """Namespaces where Applications may be."""
    rows: dict[Key, Prepared[ApplicationRow]] | None = None
    listed: list[Prepared[ApplicationRow]] | None = None
    changed: set[Key] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ApplicationRows:
    """Kept for each object's version, and for each subject: of 10,000 Applications those that changed are looked at.

    `run` makes rows before anyone asks, so that the first page of a list does not wait for all of them.
    """

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._made: dict[Key, tuple[str, Prepared[ApplicationRow]]] = {}
        self._seen: dict[Subject, _Seen] = {}
        self._stale: set[Key] = set()
        self._is_stale = asyncio.Event()
        self._names: dict[str, str] = {}
        """Of clusters, by server: rows show them."""
        self._book: object = None
        self._listens = False

    async def run(self) -> None:
        """Makes all rows once the caches are filled, then those of changed Applications; until cancelled."""
        clock, plane = self._context.clock, self._context.gitops.plane
        await plane.wait_synced()
        self._listen()
        self._check_names()
        await self._prepare(key_of(app) for app in tuple(plane.applications.list()))
        while True:
            await self._is_stale.wait()
            await clock.sleep(SETTLING_SECONDS, background=True)
            self._is_stale.clear()
            stale, self._stale = self._stale, set()
            await self._prepare(stale)

    async def _prepare(self, keys: Iterable[Key]) -> None:
        for count, key in enumerate(keys, 1):
            if (app := self._context.gitops.plane.applications.get(key)) is not None:
                self._try_row(app)
            await self._give_way(count)

    def _try_row(self, app: JsonObject) -> None:
        """One odd Application must not end the task that makes the rows of all (security rule 16)."""
        try:
            self.row(app)
        except Exception as error:
            # The type only: a message may quote the object.
            log.error("the row of Application %s could not be made: %s", key_of(app), type(error).__name__)

    async def _give_way(self, count: int) -> None:
        if count % AT_ONCE == 0:
            await self._context.clock.sleep(0)

    async def visible(self, call: Call) -> list[Prepared[ApplicationRow]]:
        """Rows that the caller may see, read only; yields to other tasks, since there may be 10,000."""
        call.checked = True
        seen = self._seen_by(call)
        async with seen.lock:
            if seen.rows is None:
                seen.rows = await self._all(call)
            while seen.changed:
                changed, seen.changed, seen.listed = seen.changed, set(), None
                for count, key in enumerate(changed, 1):
                    self._look_again(call, seen.rows, key)
                    await self._give_way(count)
            if seen.listed is None:
                seen.listed = list(seen.rows.values())
            return seen.listed

    def _look_again(self, call: Call, rows: dict[Key, Prepared[ApplicationRow]], key: Key) -> None:
        app = self._context.gitops.plane.applications.get(key)
        if app is not None and self._may_see(call, app):
            rows[key] = self.row(app)
        else:
            rows.pop(key, None)

    def _seen_by(self, call: Call) -> _Seen:
        """Cached until settings, accounts, policies, projects, namespaces or names of clusters change."""
        self._listen()
        self._check_names()
        plane = self._context.gitops.plane
        subject, enforcer, namespaces = call.caller.subject, call.enforcer(), plane.settings.application_namespaces
        found = self._seen.pop(subject, None)
        if found is None or found.enforcer is not enforcer or found.namespaces != namespaces:
            found = _Seen(enforcer, namespaces)
        while len(self._seen) >= MOST_SUBJECTS:
            del self._seen[next(iter(self._seen))]
        self._seen[subject] = found
        return found

    def _listen(self) -> None:
        if self._listens:
            return
        self._listens = True
        plane = self._context.gitops.plane
        plane.applications.on_change(self._app_changed, replay=False)
        plane.projects.on_change(lambda old, new: self._seen.clear(), replay=False)
        self._context.configuration.on_change(self._seen.clear)

    def _check_names(self) -> None:
        book = self._context.gitops.plane.cluster_book
        if book is self._book:
            return
        names = {server: cluster.name for server, cluster in book.by_server.items()}
        if names != self._names:
            self._made.clear()
            self._seen.clear()
        self._book, self._names = book, names

    async def _all(self, call: Call) -> dict[Key, Prepared[ApplicationRow]]:
        found: dict[Key, Prepared[ApplicationRow]] = {}
        for count, app in enumerate(tuple(self._context.gitops.plane.applications.list()), 1):
            await self._give_way(count)
            if self._may_see(call, app):
                found[key_of(app)] = self.row(app)
        return found

    def _may_see(self, call: Call, app: JsonObject) -> bool:
        is_served = is_enabled(self._context, app["metadata"]["namespace"])
        return is_served and call.may(RESOURCE, "get", target_of_app(self._context, app))

    def _app_changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        key = key_of(new or old or {})
        for seen in self._seen.values():
            seen.changed.add(key)
        if new is None:
            self._made.pop(key, None)
            return
        self._stale.add(key)
        self._is_stale.set()

    def row(self, app: JsonObject) -> Prepared[ApplicationRow]:
        key, version = key_of(app), str(app["metadata"].get("resourceVersion"))
        known = self._made.get(key)
        if known is None or known[0] != version:
            made = row_of(app, self._context.gitops.cluster_lookup.server_of(app), self._context)
            annotations = app["metadata"].get("annotations")
            known = self._made[key] = (version, TABLE.prepared(made, made["labels"], annotations))
        return known[1]


def row_of(app: JsonObject, server: str, context: ServerContext) -> ApplicationRow:
    spec, status, metadata = app.get("spec") or {}, app.get("status") or {}, app["metadata"]
    source = first_source(spec)
    operation, sync = status.get("operationState") or {}, status.get("sync") or {}
    revision = sync.get("revision") or next(iter(sync.get("revisions") or ()), "")
    row: ApplicationRow = {
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "project": project_of(app),
        "sync": str(sync.get("status") or "Unknown"),
        "health": str((status.get("health") or {}).get("status") or "Unknown"),
        "why": why(app),
        "repository": str(source.get("repoURL") or ""),
        "path": str(source.get("path") or source.get("chart") or ""),
        "targetRevision": str(source.get("targetRevision") or "HEAD"),
        "revision": str(revision),
        "otherSources": max(0, len(spec.get("sources") or ()) - 1),
        "cluster": context.gitops.cluster_lookup.name_of(server) or server,
        "destinationNamespace": str((spec.get("destination") or {}).get("namespace") or ""),
        "automated": _is_automated(spec),
        "phase": str(operation.get("phase") or ""),
        "createdAt": str(metadata.get("creationTimestamp") or ""),
        "labels": dict(metadata.get("labels") or {}),
        "images": list(_texts((status.get("summary") or {}).get("images"))),
        "conditions": sorted(
            {str(one.get("type") or "") for one in status.get("conditions") or () if isinstance(one, dict)}
        ),
    }
    if ended := operation.get("finishedAt"):
        row["syncedAt"] = str(ended)
    return row


def first_source(spec: JsonObject) -> JsonObject:
    """Of an Application that is hydrated: the dry repository, and the branch that it is deployed from."""
    if hydrator := spec.get("sourceHydrator"):
        sync = hydrator.get("syncSource") or {}
        repository = (hydrator.get("drySource") or {}).get("repoURL")
        return {"repoURL": repository, "path": sync.get("path"), "targetRevision": sync.get("targetBranch")}
    return next(iter(spec.get("sources") or ()), None) or spec.get("source") or {}


def _is_automated(spec: JsonObject) -> bool:
    automated = (spec.get("syncPolicy") or {}).get("automated")
    return automated is not None and automated.get("enabled") is not False


def _texts(value: Any) -> Iterable[str]:
    return (str(item) for item in value or ())


def wanted(request: Any) -> Wanted:
    """From a query; see PARAMETERS of `applications.py`."""
    filters = {name: frozenset(values) for name in TABLE.facets if (values := request.all(name))}
    return Wanted(
        search=request.one("search"),
        pattern=request.one("pattern"),
        selector=request.one("selector"),
        annotations=tuple(one for one in request.all("annotation") if one.strip()),
        filters=filters,
        sort=request.one("sort", "name"),
        offset=request.number("offset", 0),
        limit=request.number("limit", 50),
    )
