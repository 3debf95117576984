"""Takes every CertificateRequest up to its signature; each issuer type signs in its own way.

One controller serves all types of issuers, since each change of a request would wake them all; its writes and Events
carry the name of the type's own controller, as upstream. What concerns no type - a request that is denied, not
approved, or names no issuer - is reported under the name of the first one. Source: spec/cert-manager.md section 7.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.apis.certmanager import CertificateRequest
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.issuer_lookup import issuer_of
from argosy.certs.pki.signing import DEFAULT_DURATION
from argosy.certs.settings import Settings
from argosy.certs.signing_flow import outcome
from argosy.machinery import duration
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot, Step
from argosy.machinery.objects import Key
from argosy.machinery.requests import Write

NAME: Final = "certificaterequests-issuer"
SPOKESMAN: Final = "selfsigned"
"""The type whose name is used for reports that concern no type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    request: CertificateRequest
    issuer: AnyIssuer | None
    type: IssuerType | None
    """The type of the issuer, if Argosy signs with it."""
    ready_for: Any
    """What the type's `look` gathered; None if the request is not to be signed by it now."""
    memory: Any
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerType:
    """What differs between types: `look` gathers what signing needs, `decide` signs or reports why not."""

    name: str
    look: Callable[[Snapshot, CertificateRequest, AnyIssuer, Settings], Any]
    decide: Callable[[Seen, datetime], Decision]


def is_open(request: CertificateRequest) -> bool:
    """Whether an issuer still has to answer."""
    return (
        request.spec.issuer_ref.is_ours
        and not request.is_true("InvalidRequest")
        and request.ready_reason not in ("Failed", "Issued", "Denied")
        and not request.metadata.deletion_timestamp
    )


def controller(types: Iterable[IssuerType], settings: Settings) -> Controller[Seen]:
    by_name = {one.name: one for one in types}

    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        request = snapshot.get(CertificateRequest, key)
        if request is None or not is_open(request):
            return None
        issuer = issuer_of(snapshot, request.spec.issuer_ref, key.namespace) if request.is_true("Approved") else None
        type_ = by_name.get(issuer.spec.type) if issuer is not None else None
        ready_for = None
        if type_ is not None and issuer is not None and issuer.ready and may_sign(request):
            ready_for = type_.look(snapshot, request, issuer, settings)
        return Seen(
            request=request,
            issuer=issuer,
            type=type_,
            ready_for=ready_for,
            memory=snapshot.memory,
            settings=settings,
        )

    return Controller(name=NAME, kind=CertificateRequest, look=look, decide=decide)


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.type is not None and seen.ready_for is not None:
        return reported_by(seen.type.name, seen.type.decide(seen, now))
    if seen.issuer is not None and seen.issuer.spec.type and not seen.issuer.ready and may_sign(seen.request):
        return reported_by(seen.issuer.spec.type, _not_ready(seen, now))
    return reported_by(SPOKESMAN, _of_no_type(seen, now))


def reported_by(type_: str, decision: Decision) -> Decision:
    """The decision, with its writes and Events under the name of the type's own controller, as upstream."""
    name = f"cert-manager-{NAME}-{type_}"
    return replace(decision, steps=tuple(_named(step, name) for step in decision.steps)) if decision.steps else decision


def _named(step: Step, name: str) -> Step:
    if isinstance(step, Event):
        return step if step.component else replace(step, component=name)
    return replace(step, manager=name) if isinstance(step, Write) and not step.manager else step


def may_sign(request: CertificateRequest) -> bool:
    return request.is_true("Approved") and not request.is_true("Denied") and not request.status.certificate


def _not_ready(seen: Seen, now: datetime) -> Decision:
    if seen.issuer is None or seen.issuer.condition("Ready") is None:
        return NOTHING  # an issuer without a Ready condition will get one soon
    message = "Referenced issuer does not have a Ready status condition"
    return outcome.pending(seen.request, "IssuerNotReady", message, now)


def _of_no_type(seen: Seen, now: datetime) -> Decision:
    request = seen.request
    if request.is_true("Denied"):
        return outcome.denied(request, now)
    if not request.is_true("Approved"):
        return _waiting(seen)
    if seen.issuer is None:
        ref = request.spec.issuer_ref
        message = (
            f'Referenced "{ref.full_kind}" not found: {ref.full_kind.lower()}.cert-manager.io "{ref.name}" not found'
        )
        return outcome.pending(request, "IssuerNotFound", message, now)
    if not seen.issuer.spec.type:
        message = "Missing issuer type: no issuer specified for Issuer"
        return outcome.pending(request, "IssuerTypeMissing", message, now)
    return NOTHING


def _waiting(seen: Seen) -> Decision:
    """Reported once, and not if our own approver runs: an approval changes the request and so wakes us."""
    if seen.settings.approve or seen.memory == "waiting":
        return NOTHING
    message = "Not signing CertificateRequest until it is Approved"
    event = Event(about=seen.request.raw, reason="WaitingForApproval", message=message)
    return Decision((event,), memory="waiting")


def duration_of(request: CertificateRequest) -> timedelta:
    return duration.parse(request.spec.duration) if request.spec.duration else DEFAULT_DURATION
