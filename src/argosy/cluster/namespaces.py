"""The namespace lifecycle: what a new namespace contains, and how it is emptied before it is removed (spec 11).

Owns the phase Terminating, the Namespace...Deletion conditions and spec.finalizers. Wakes when a namespace is marked
and whenever something in such a namespace changes. The conditions are a pure decision; `NamespaceController` acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.handlers.core import timestamp
from argosy.cluster.handlers.ownership import track_as
from argosy.cluster.kind import Kind, User, WriteContext
from argosy.cluster.request import ApiRequest
from argosy.cluster.store import Change
from argosy.cluster.workqueue import Workqueue
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError

USER = User(
    "system:serviceaccount:kube-system:namespace-controller",
    ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"),
)
AGENT = "kube-controller-manager"
GRACE_SECONDS = 5.5
"""Wait between the mark and deleting the content: upstream's 5 s for requests in flight, and some for its sweep."""
ROOT_CA = "kube-root-ca.crt"
_ROOT_CA_NOTE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


@dataclass(frozen=True, slots=True)
class Remains:
    """The remaining objects of one kind in a namespace."""

    qualified: str
    """`configmaps.` or `deployments.apps`, as upstream's messages name a resource."""
    count: int
    finalizers: tuple[str, ...]
    """The finalizers of all the objects, repeated as often as they occur."""


def conditions_of(
    remains: Sequence[Remains], previous: Sequence[JsonObject], now: datetime, failures: Sequence[str] = ()
) -> list[JsonObject]:
    """The five deletion conditions; times change only with the status. `failures`: why content could not be deleted."""
    left = sorted(f"{item.qualified} has {item.count} resource instances" for item in remains)
    finalizers = [name for item in remains for name in item.finalizers]
    held = [f"{name} in {finalizers.count(name)} resource instances" for name in sorted(set(finalizers))]
    wanted = (
        ("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "True",
            "ContentDeletionFailed",
            f"Failed to delete all resource types, {len(failures)} remaining: {', '.join(sorted(failures))}",
        )
        if failures
        else (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        ("NamespaceContentRemaining", "True", "SomeResourcesRemain", f"Some resources are remaining: {', '.join(left)}")
        if left
        else ("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed"),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {', '.join(held)}",
        )
        if held
        else (
            "NamespaceFinalizersRemaining",
            "False",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
    )
    before = {item.get("type"): item for item in previous}
    return [
        {
            "type": name,
            "status": status,
            "lastTransitionTime": _since(before.get(name), status, now),
            "reason": reason,
            "message": message,
        }
        for name, status, reason, message in wanted
    ]


def _since(previous: JsonObject | None, status: str, now: datetime) -> str:
    if previous is not None and previous.get("status") == status:
        return str(previous["lastTransitionTime"])
    return timestamp(now)


class NamespaceController:
    def __init__(self, handlers: RequestHandlers, queue: Workqueue[str], cluster_ca: str = "") -> None:
        self._handlers = handlers
        self._core = handlers.core
        self._queue = queue
        self._cluster_ca = cluster_ca
        self._table = self._core.store.table("", "namespaces")
        self._scheduled: set[str] = set()

    def start(self) -> None:
        for entry in self._table.scan():
            if entry.obj["metadata"].get("deletionTimestamp"):
                self._queue.add(entry.key.name)

    def created(self, ctx: WriteContext, old: JsonObject | None, new: JsonObject | None) -> None:
        """In the same turn: a new namespace gets its account and the cluster's CA, so that nobody waits for them."""
        if old is not None or new is None:
            return
        self._furnish(new["metadata"]["name"], ctx.now)

    def removed(self, ctx: WriteContext, old: JsonObject | None, new: JsonObject | None) -> None:
        """In the same turn: the default objects of a namespace are re-created when they are deleted."""
        if new is not None or old is None:
            return
        metadata = old["metadata"]
        name, namespace = metadata["name"], metadata["namespace"]
        stays = Key("", namespace) in self._table.entries and not self._is_going(namespace)
        if name in ("default", ROOT_CA) and stays:
            self._furnish(namespace, ctx.now)

    def _furnish(self, name: str, now: datetime) -> None:
        account: JsonObject = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "default"}}
        self._put("serviceaccounts", name, account, now)
        metadata = {"name": ROOT_CA, "annotations": {"kubernetes.io/description": _ROOT_CA_NOTE}}
        bundle: JsonObject = {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": metadata,
            "data": {"ca.crt": self._cluster_ca},
        }
        self._put("configmaps", name, bundle, now)

    def _put(self, plural: str, namespace: str, obj: JsonObject, now: datetime) -> None:
        table = self._core.store.table("", plural)
        key = Key(namespace, obj["metadata"]["name"])
        if key in table.entries:
            return
        own = {"namespace": namespace, "uid": self._core.rng.uuid(), "creationTimestamp": timestamp(now)}
        obj["metadata"] = {**obj["metadata"], **own}
        kind = self._core.catalog.by_kind("", "v1", obj["kind"])
        assert kind is not None
        track_as(kind, None, obj, AGENT, "", now)
        self._core.store.put(table, key, obj, None)

    def changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.plural == "namespaces" and not change.group:
                if change.new is not None and self._is_going(change.key.name):
                    self._queue.add(change.key.name)
            elif change.key.namespace and self._is_going(change.key.namespace):
                self._queue.add(change.key.namespace)

    def _is_going(self, name: str) -> bool:
        entry = self._table.entries.get(Key("", name))
        return entry is not None and bool(entry.obj["metadata"].get("deletionTimestamp"))

    async def process(self, name: str) -> None:
        """Empties the namespace; when nothing is left, finalizes it. Raises StatusError to be called again later."""
        namespace = self._namespace(name)
        if namespace is None:
            return
        due = datetime.fromisoformat(namespace["metadata"]["deletionTimestamp"]) + timedelta(seconds=GRACE_SECONDS)
        early = (due - self._core.clock.now()).total_seconds()
        if early > 0:
            if name not in self._scheduled:
                self._scheduled.add(name)
                self._queue.add_later(name, early)
            return
        self._scheduled.discard(name)
        failures = [
            error
            for kind in self._content_kinds()
            if self._count(kind, name) and (error := await self._empty(kind, name))
        ]
        remains = [self._remains(kind, name) for kind in self._content_kinds() if self._count(kind, name)]
        current = self._namespace(name)
        if current is None:
            return
        await self._write_conditions(current, remains, [error.message for error in failures])
        if failures:
            raise failures[0]
        if not remains:
            await self._finalize(name)

    def _namespace(self, name: str) -> JsonObject | None:
        entry = self._table.entries.get(Key("", name))
        return entry.obj if entry is not None and entry.obj["metadata"].get("deletionTimestamp") else None

    def _content_kinds(self) -> list[Kind]:
        return [kind for kind in self._core.catalog.stored() if kind.resource.namespaced]

    def _count(self, kind: Kind, name: str) -> int:
        low, high = self._core.table(kind).range(name)
        return high - low

    def _remains(self, kind: Kind, name: str) -> Remains:
        entries = list(self._core.table(kind).scan(name))
        resource = kind.resource
        finalizers = tuple(item for entry in entries for item in entry.obj["metadata"].get("finalizers") or ())
        return Remains(f"{resource.plural}.{resource.group}", len(entries), finalizers)

    async def _empty(self, kind: Kind, name: str) -> StatusError | None:
        """Marks or deletes what is not marked yet; a refusal does not block the others. Returns the first refusal."""
        refused: StatusError | None = None
        for entry in list(self._core.table(kind).scan(name)):
            if entry.obj["metadata"].get("deletionTimestamp"):
                continue
            request = ApiRequest(
                verb="delete",
                kind=kind,
                user=USER,
                namespace=name,
                name=entry.key.name,
                body={"propagationPolicy": "Background"},
                user_agent=AGENT,
            )
            try:
                await self._handlers.handle(request)
            except StatusError as error:
                if not error.is_not_found:
                    refused = refused or error
        return refused

    async def _write_conditions(
        self, namespace: JsonObject, remains: Sequence[Remains], failures: Sequence[str]
    ) -> None:
        status = namespace.get("status") or {}
        previous = status.get("conditions") or []
        wanted = conditions_of(remains, previous, self._core.clock.now(), failures)
        if wanted == previous:
            return
        changed = {**namespace, "status": {**status, "phase": "Terminating", "conditions": wanted}}
        await self._update(changed, "status")

    async def _finalize(self, name: str) -> None:
        namespace = self._namespace(name)
        if namespace is None:
            return
        spec = namespace.get("spec") or {}
        kept = [item for item in spec.get("finalizers") or () if item != "kubernetes"]
        await self._update({**namespace, "spec": {**spec, "finalizers": kept}}, "finalize")

    async def _update(self, namespace: JsonObject, subresource: str) -> None:
        kind = self._core.catalog.by_kind("", "v1", "Namespace")
        assert kind is not None
        request = ApiRequest(
            verb="update",
            kind=kind,
            user=USER,
            name=namespace["metadata"]["name"],
            subresource=subresource,
            body=namespace,
            user_agent=AGENT,
        )
        await self._handlers.handle(request)
