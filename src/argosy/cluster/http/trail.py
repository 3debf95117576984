"""What the audit log has to know of a request, and how that becomes a record (security rule 18)."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.cluster.audit import READING_VERBS, Act, Auditor
from argosy.cluster.auth.attributes import Attributes
from argosy.cluster.http.exchange import Request
from argosy.cluster.kind import Kind, User
from argosy.cluster.store import Store
from argosy.machinery.objects import Key

TIMED_OUT = 504
"""The recorded code of a request that was cancelled: it took too long, or its client disconnected."""


@dataclass(slots=True)
class Trail:
    """Filled step by step from the first check to the response; missing values were never reached."""

    attributes: Attributes | None = None
    user: User | None = None
    impersonator: str = ""
    kind: Kind | None = None
    created_name: str = ""
    before: bytes | None = None


class Trails:
    """Opens and closes trails. `store` reads the states before and after; without an auditor nothing is done."""

    def __init__(self, auditor: Auditor | None = None, store: Store | None = None) -> None:
        self._auditor = auditor
        self._store = store

    def open(self, trail: Trail, kind: Kind) -> None:
        """Called once the request is allowed, before it is carried out."""
        asked = trail.attributes
        if self._auditor is None or not self._auditor.records or asked is None or asked.verb in READING_VERBS:
            return
        trail.kind = kind
        trail.before = self._state(trail, asked.name)

    def close(self, trail: Trail, request: Request, code: int) -> None:
        """Writes one record if the request was not read-only, and counts it if it was denied."""
        if self._auditor is None:
            return
        if code in (401, 403):
            self._auditor.denied(trail.user.name if trail.user else "(unknown)", code)
        asked = trail.attributes
        if not self._auditor.records or asked is None or asked.verb in READING_VERBS:
            return
        name = asked.name or trail.created_name
        act = Act(
            verb=asked.verb,
            group=asked.group,
            resource=asked.spelled_resource,
            namespace=asked.namespace,
            name=name,
            path=asked.path,
            agent=request.header("user-agent"),
        )
        after = self._state(trail, name)
        self._auditor.record(
            act,
            trail.user,
            code,
            audit_id=request.audit_id,
            before=trail.before,
            after=after,
            impersonator=trail.impersonator,
        )

    def _state(self, trail: Trail, name: str) -> bytes | None:
        if trail.kind is None or self._store is None or trail.attributes is None or not name:
            return None
        namespace = trail.attributes.namespace if trail.kind.resource.namespaced else ""
        entry = self._store.table(*trail.kind.storage).entries.get(Key(namespace, name))
        return entry.encoded if entry is not None else None
