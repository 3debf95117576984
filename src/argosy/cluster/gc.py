"""The garbage collector: what to do with an object when its owners change (spec 11).

Owns nothing; wakes on every commit that creates, marks or deletes an object with owners or dependents. What to do
with one object is a pure decision (`judge`, `blocks`, ...); `Collector` keeps the index of dependents and carries
out the decisions through the API, as upstream's garbage collector user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.handlers.deleting import FOREGROUND, ORPHAN
from argosy.cluster.kind import Kind, User
from argosy.cluster.request import ApiRequest
from argosy.cluster.store import Change
from argosy.cluster.workqueue import Workqueue
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, group_version
from argosy.machinery.status import StatusError

USER = User(
    "system:serviceaccount:kube-system:generic-garbage-collector",
    ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"),
)
AGENT = "kube-controller-manager"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is stored."""

    group: str
    plural: str
    key: Key


OwnerState = Literal["solid", "absent", "leaving", "unknown"]
"""`leaving`: in foreground deletion, so waiting for its dependents. `unknown`: a kind that is not served."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to a dependent: nothing, fewer references, or a deletion with a policy."""

    drop_owners: tuple[str, ...] = ()
    """Uids of references to remove."""
    delete: str = ""
    """A propagation policy."""
    unblock: bool = False
    """Clear blockOwnerDeletion first: the object and its dependents wait for each other."""


NOTHING = Verdict()


def judge(obj: JsonObject, states: Sequence[OwnerState], *, has_dependents: bool, in_cycle: bool) -> Verdict:
    """`states` are those of the object's owners, in order."""
    owners = obj["metadata"].get("ownerReferences") or []
    if not owners or "unknown" in states:
        return NOTHING
    if "solid" in states:
        gone = tuple(owner["uid"] for owner, state in zip(owners, states, strict=True) if state != "solid")
        return Verdict(drop_owners=gone)
    if obj["metadata"].get("deletionTimestamp"):
        return Verdict(unblock=in_cycle and "leaving" in states)
    if "leaving" in states and has_dependents:
        return Verdict(delete="Foreground", unblock=in_cycle)
    finalizers = obj["metadata"].get("finalizers") or ()
    if ORPHAN in finalizers:
        return Verdict(delete="Orphan")
    return Verdict(delete="Foreground" if FOREGROUND in finalizers else "Background")


def blocks(dependent: JsonObject, owner_uid: str) -> bool:
    """Whether the owner's foreground deletion waits for this dependent."""
    owners = dependent["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == owner_uid and owner.get("blockOwnerDeletion") for owner in owners)


def without_owners(obj: JsonObject, uids: Sequence[str]) -> JsonObject:
    """A merge patch, bound to the object's uid and version, that removes references."""
    metadata = obj["metadata"]
    kept = [owner for owner in metadata.get("ownerReferences") or () if owner.get("uid") not in uids]
    return _bound(metadata, {"ownerReferences": kept or None})


def without_blocking(obj: JsonObject) -> JsonObject:
    metadata = obj["metadata"]
    freed = [{**owner, "blockOwnerDeletion": False} for owner in metadata.get("ownerReferences") or ()]
    return _bound(metadata, {"ownerReferences": freed})


def without_finalizer(obj: JsonObject, finalizer: str) -> JsonObject:
    metadata = obj["metadata"]
    kept = [name for name in metadata.get("finalizers") or () if name != finalizer]
    return _bound(metadata, {"finalizers": kept or None})


def _bound(metadata: JsonObject, change: JsonObject) -> JsonObject:
    return {"metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], **change}}


class Collector:
    def __init__(self, handlers: RequestHandlers, queue: Workqueue[Place]) -> None:
        self._handlers = handlers
        self._core = handlers.core
        self._queue = queue
        self._dependents: dict[str, dict[Place, None]] = {}
        """By owner uid, in order of arrival."""

    def start(self) -> None:
        """Reads what exists and resumes unfinished collections."""
        for table in self._core.store.tables():
            for entry in table.scan():
                self._seen(Place(table.group, table.plural, entry.key), None, entry.peek)

    def changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            old = change.old.obj if change.old is not None else None
            new = change.new.obj if change.new is not None else None
            self._seen(Place(change.group, change.plural, change.key), old, new)

    def _seen(self, place: Place, old: JsonObject | None, new: JsonObject | None) -> None:
        before, after = _owner_uids(old), _owner_uids(new)
        for uid in before:
            if uid not in after:
                self._forget(uid, place)
        for uid in after:
            self._dependents.setdefault(uid, {})[place] = None
        if new is None:
            assert old is not None
            self._owner_deleted(old, before)
        elif after or new["metadata"].get("deletionTimestamp"):
            if after != before or new["metadata"].get("deletionTimestamp"):
                self._queue.add(place)
            if before != after or old is None or _blocking(old) != _blocking(new):
                self._wake_owners(place, old or new)

    def _forget(self, uid: str, place: Place) -> None:
        held = self._dependents.get(uid)
        if held is not None:
            held.pop(place, None)
            if not held:
                del self._dependents[uid]

    def _owner_deleted(self, old: JsonObject, owners: tuple[str, ...]) -> None:
        for place in self._dependents.get(old["metadata"].get("uid") or "", ()):
            self._queue.add(place)
        if owners:
            self._wake_owners(None, old)

    def _wake_owners(self, place: Place | None, obj: JsonObject) -> None:
        """Re-evaluates owners that wait for their dependents."""
        for owner in obj["metadata"].get("ownerReferences") or ():
            found = self._owner_place(owner, obj["metadata"].get("namespace") or "")
            if found is not None:
                current = self._object(found[1])
                if current is not None and FOREGROUND in (current["metadata"].get("finalizers") or ()):
                    self._queue.add(found[1])

    def _owner_place(self, owner: JsonObject, namespace: str) -> tuple[Kind, Place] | None:
        group, _ = group_version(owner.get("apiVersion") or "")
        kind = self._core.catalog.by_kind(group, "", owner.get("kind") or "")
        if kind is None:
            return None
        own = namespace if kind.resource.namespaced else ""
        return kind, Place(*kind.storage, Key(own, owner.get("name") or ""))

    def _object(self, place: Place) -> JsonObject | None:
        entry = self._core.store.table(place.group, place.plural).entries.get(place.key)
        return entry.obj if entry is not None else None

    # -- acting ------------------------------------------------------------------------------------------------------

    async def process(self, place: Place) -> None:
        """Reads one object as it is now, and does what is due. Raises StatusError to be called again later."""
        obj = self._object(place)
        if obj is None:
            return
        metadata = obj["metadata"]
        if metadata.get("deletionTimestamp"):
            finalizers = metadata.get("finalizers") or ()
            if ORPHAN in finalizers:
                await self._orphan(place, obj)
                return
            if FOREGROUND in finalizers:
                await self._foreground(place, obj)
        if metadata.get("ownerReferences"):
            await self._dependent(place)

    async def _dependent(self, place: Place) -> None:
        obj = self._object(place)
        if obj is None:
            return
        states = [self._state(owner, obj) for owner in obj["metadata"].get("ownerReferences") or ()]
        uid = obj["metadata"]["uid"]
        dependents = [found for at in self._dependents.get(uid, ()) if (found := self._object(at)) is not None]
        cycle = any(FOREGROUND in (item["metadata"].get("finalizers") or ()) for item in dependents)
        verdict = judge(obj, states, has_dependents=bool(dependents), in_cycle=cycle)
        if verdict.unblock and any(owner.get("blockOwnerDeletion") for owner in obj["metadata"]["ownerReferences"]):
            await self._patch(place, without_blocking(obj))
        if verdict.drop_owners:
            await self._patch(place, without_owners(obj, verdict.drop_owners))
        if verdict.delete:
            await self._delete(place, uid, verdict.delete)

    def _state(self, owner: JsonObject, dependent: JsonObject) -> OwnerState:
        """Owner identity is uid and kind, namespace and name (spec 11)."""
        namespace = dependent["metadata"].get("namespace") or ""
        found = self._owner_place(owner, namespace)
        if found is None or (found[0].resource.namespaced and not namespace):
            return "unknown"  # not served now, or a namespaced owner of a cluster-scoped object: never collected
        current = self._object(found[1])
        if current is None or current["metadata"].get("uid") != owner.get("uid"):
            return "absent"
        metadata = current["metadata"]
        leaving = metadata.get("deletionTimestamp") and FOREGROUND in (metadata.get("finalizers") or ())
        return "leaving" if leaving else "solid"

    async def _foreground(self, place: Place, obj: JsonObject) -> None:
        uid = obj["metadata"]["uid"]
        waiting = False
        for at in list(self._dependents.get(uid, ())):
            dependent = self._object(at)
            if dependent is None:
                continue
            self._queue.add(at)
            waiting = waiting or blocks(dependent, uid)
        if not waiting:
            await self._patch(place, without_finalizer(obj, FOREGROUND))

    async def _orphan(self, place: Place, obj: JsonObject) -> None:
        uid = obj["metadata"]["uid"]
        for at in list(self._dependents.get(uid, ())):
            dependent = self._object(at)
            if dependent is not None:
                await self._patch(at, without_owners(dependent, (uid,)))
        await self._patch(place, without_finalizer(obj, ORPHAN))

    def _kind(self, place: Place) -> Kind | None:
        return self._core.catalog.stored_at(place.group, place.plural)

    async def _patch(self, place: Place, patch: JsonObject) -> None:
        kind = self._kind(place)
        if kind is None:
            return
        request = ApiRequest(
            verb="patch",
            kind=kind,
            user=USER,
            namespace=place.key.namespace,
            name=place.key.name,
            body=patch,
            patch_type=PatchType.MERGE,
            user_agent=AGENT,
        )
        await self._tolerating_absence(request)

    async def _delete(self, place: Place, uid: str, policy: str) -> None:
        kind = self._kind(place)
        if kind is None:
            return
        request = ApiRequest(
            verb="delete",
            kind=kind,
            user=USER,
            namespace=place.key.namespace,
            name=place.key.name,
            body={"propagationPolicy": policy, "preconditions": {"uid": uid}},
            user_agent=AGENT,
        )
        await self._tolerating_absence(request)

    async def _tolerating_absence(self, request: ApiRequest) -> None:
        try:
            await self._handlers.handle(request)
        except StatusError as error:
            if not error.is_not_found:
                raise


def _owner_uids(obj: JsonObject | None) -> tuple[str, ...]:
    if obj is None:
        return ()
    owners = obj["metadata"].get("ownerReferences")
    return tuple([owner.get("uid") or "" for owner in owners]) if owners else ()


def _blocking(obj: JsonObject) -> list[bool]:
    return [bool(owner.get("blockOwnerDeletion")) for owner in obj["metadata"].get("ownerReferences") or ()]
