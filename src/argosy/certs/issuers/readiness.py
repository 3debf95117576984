"""Reports whether an Issuer or ClusterIssuer can sign, by its type.

Owns the `Ready` and `CAExpiring` conditions of both kinds, and `status.acme`. Source: spec/cert-manager.md
sections 7.3, 7.4 and 7.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.apis.certmanager import ClusterIssuer, Issuer
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.acme import account
from argosy.certs.conditions import with_condition
from argosy.certs.issuers import ca, selfsigned, vault, venafi
from argosy.certs.issuers.verdict import IssuerKind, Verdict
from argosy.certs.settings import Settings
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot, Step
from argosy.machinery.objects import JsonObject, Key

KINDS: Final[Mapping[str, IssuerKind]] = {
    one.name: one for one in (selfsigned.KIND, ca.KIND, account.KIND, vault.KIND, venafi.KIND)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    issuer: AnyIssuer
    gathered: Any
    """What the type's `look` gathered."""
    settings: Settings
    kind: IssuerKind
    memory: Memory | None


@dataclass(frozen=True, slots=True)
class Memory:
    """What was reported last, and the type's own memory."""

    reported: tuple[str, str, str]
    own: Any = None


def controller(
    view: type[Issuer | ClusterIssuer], settings: Settings, kinds: Mapping[str, IssuerKind] = KINDS
) -> Controller[Seen]:
    name = "issuers" if view is Issuer else "clusterissuers"

    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        issuer = snapshot.get(view, key)
        if issuer is None or issuer.metadata.deletion_timestamp or not (kind := kinds.get(issuer.spec.type)):
            return None
        return Seen(
            issuer=issuer,
            gathered=kind.look(snapshot, issuer, settings),
            settings=settings,
            kind=kind,
            memory=snapshot.memory,
        )

    return Controller(
        name=name,
        kind=view,
        look=look,
        decide=decide,
        manager=f"cert-manager-{name}",
        reporter=f"cert-manager-{name}",
    )


def decide(seen: Seen, now: datetime) -> Decision:
    verdict = seen.kind.decide(seen.issuer, seen.gathered, seen.settings, now)
    if verdict is None:
        return NOTHING
    if verdict.is_silent:
        return Decision(verdict.steps, wake_at=verdict.wake_at)
    issuer = seen.issuer
    generation = issuer.metadata.generation
    state = "True" if verdict.ready else "False"
    conditions = [
        one
        for one in with_condition(
            issuer.status.conditions, "Ready", state, verdict.reason, verdict.message, now, generation=generation
        )
        if one["type"] != EXPIRING
    ]
    if verdict.expiring:
        conditions.append(_expiring(issuer, verdict, now))
    status: JsonObject = {**(issuer.raw.get("status") or {}), "conditions": conditions, **verdict.status}
    view = ClusterIssuer if isinstance(issuer, ClusterIssuer) else Issuer
    writes = requests.status(view, issuer.raw, {key: value for key, value in status.items() if value is not None})
    reported = (verdict.reason, verdict.message, verdict.expiring)
    known = seen.memory.reported if seen.memory else None
    events = _events(issuer, verdict) if reported != known and (writes or not verdict.ready) else ()
    return Decision(
        (*verdict.steps, *writes, *events), wake_at=verdict.wake_at, memory=Memory(reported, verdict.memory)
    )


EXPIRING: Final = "CAExpiring"


def _expiring(issuer: AnyIssuer, verdict: Verdict, now: datetime) -> JsonObject:
    listed = with_condition(
        issuer.status.conditions,
        EXPIRING,
        "True",
        EXPIRING,
        verdict.expiring,
        now,
        generation=issuer.metadata.generation,
    )
    return next(one for one in listed if one["type"] == EXPIRING)


def _events(issuer: AnyIssuer, verdict: Verdict) -> tuple[Step, ...]:
    found: list[Step] = []
    if verdict.announced:
        type_ = "Normal" if verdict.ready else "Warning"
        found.append(Event(about=issuer.raw, reason=verdict.reason, message=verdict.message, type=type_))  # type: ignore[arg-type]
    if verdict.error:
        message = f"Error initializing issuer: {verdict.error}"
        found.append(Event(about=issuer.raw, reason="ErrInitIssuer", message=message, type="Warning"))
    if verdict.expiring:
        found.append(Event(about=issuer.raw, reason=EXPIRING, message=verdict.expiring, type="Warning"))
    return tuple(found)
