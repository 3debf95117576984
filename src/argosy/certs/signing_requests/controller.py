"""Signs Kubernetes CertificateSigningRequests whose signer is an Issuer or ClusterIssuer.

Owns `status.certificate` and the `Failed` condition of those requests, and the Orders that it creates for them. They
are cluster-wide: a requester that names a namespaced Issuer must have permission to refer to it. Source:
spec/cert-manager.md section 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import ClusterIssuer, Issuer
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.certmanager.shared import GROUP
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.certs.base64_text import decoded, encoded
from argosy.certs.pki import certificates
from argosy.certs.pki import requests as csr
from argosy.certs.ports import MayRefer, Signed, Unfit
from argosy.certs.settings import Settings
from argosy.certs.signers import Signer, parse
from argosy.certs.signing_requests import by_key, by_order, by_vault
from argosy.certs.signing_requests.terms import Refused, Waiting, duration_of
from argosy.machinery import requests, timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Failed, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write

NAME: Final = "certificatesigningrequests-issuer"
REPORTER: Final = "cert-manager-certificatesigningrequests-issuer"


@dataclass(frozen=True, slots=True)
class Memory:
    """What was reported last, and the signing way's own memory."""

    reported: tuple[str, str] = ("", "")
    own: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    request: CertificateSigningRequest
    answer: Any
    """Signed, Unfit, Refused, what the signing way gathered, or what is still awaited."""
    reported: str
    memory: Memory


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    request = snapshot.get(CertificateSigningRequest, key)
    if request is None or request.metadata.deletion_timestamp or request.status.certificate:
        return None
    signer = parse(request.spec.signer_name)
    if signer is None or signer.group != GROUP or signer.type not in ("issuers", "clusterissuers"):
        return None
    if request.is_true("Denied") or request.is_true("Failed"):
        return None
    answer: Any = None
    reported = "Certificate fetched from issuer successfully"
    if request.is_true("Approved"):
        issuer = _issuer(snapshot, signer)
        answer = _answered(snapshot, request, signer, issuer, settings)
        if issuer is not None and issuer.spec.type == "selfsigned":
            reported = "Certificate self-signed successfully"
    return Seen(request=request, answer=answer, reported=reported, memory=snapshot.memory or Memory())


def _issuer(snapshot: Snapshot, signer: Signer) -> AnyIssuer | None:
    if signer.type == "issuers":
        return snapshot.get(Issuer, Key(signer.namespace, signer.name))
    return snapshot.get(ClusterIssuer, Key("", signer.name))


def _answered(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    signer: Signer,
    issuer: AnyIssuer | None,
    settings: Settings,
) -> Any:
    kind = "Issuer" if signer.type == "issuers" else "ClusterIssuer"
    name = f"{signer.namespace}/{signer.name}" if signer.namespace else signer.name
    if issuer is None:
        return Refused(reason="IssuerNotFound", message=f"Referenced {kind} {name} not found", lasting=False)
    if signer.type == "issuers":
        allowed = snapshot.ask(_right(request, signer))
        if not isinstance(allowed, bool):
            return allowed
        if not allowed:
            message = f"Requester may not reference Namespaced Issuer {name}"
            return Refused(reason="DeniedReference", message=message)
    if not issuer.ready:
        message = f"Referenced {kind} {name} does not have a Ready status condition"
        return Refused(reason="IssuerNotReady", message=message, lasting=False)
    life = duration_of(request)
    if isinstance(life, Refused):
        return life
    return _signed(snapshot, request, issuer, settings, life)


def _right(request: CertificateSigningRequest, signer: Signer) -> MayRefer:
    spec = request.spec
    extra = tuple(sorted((key, tuple(map(str, values))) for key, values in spec.extra.items()))
    return MayRefer(spec.username, spec.uid, spec.groups, extra, signer.namespace, signer.name)


def _signed(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    issuer: AnyIssuer,
    settings: Settings,
    life: timedelta,
) -> Any:
    way = _WAYS.get(issuer.spec.type)
    if way is None:
        message = f"issuers of type {issuer.spec.type or 'none'} do not sign CertificateSigningRequests here"
        return Refused(reason="IssuerTypeUnsupported", message=message, lasting=False)
    return way(snapshot, request, issuer, settings, life)


_WAYS: Final[Mapping[str, Callable[[Snapshot, CertificateSigningRequest, AnyIssuer, Settings, timedelta], Any]]] = {
    "ca": by_key.by_ca,
    "selfsigned": by_key.by_own_key,
    "acme": by_order.look,
    "vault": by_vault.look,
}
"""The result of the signing way of the issuer's type."""


def decide(seen: Seen, now: datetime) -> Decision:
    answer = seen.answer
    if isinstance(answer, by_vault.Signing):
        answer = by_vault.judged(answer, now)
    elif isinstance(answer, by_order.Ordering):
        answer = by_order.judged(seen.request, answer)
    match answer:
        case None if not seen.request.is_true("Approved"):
            message = "Waiting for the Approved condition before issuing"
            return _report_once(seen, Waiting(reason="WaitingApproval", message=message))
        case Waiting() as waiting:
            return _report_once(seen, waiting)
        case Refused() as refused if not refused.lasting:
            return _report_once(seen, Waiting(reason=refused.reason, message=refused.message, is_warning=True))
        case Refused() as refused:
            return _failed(seen, refused.reason, refused.message, now)
        case Unfit() as unfit:
            return _failed(seen, "ErrorSigning", f"Error signing certificate: {unfit.reason}", now)
        case Signed() as signed:
            return _issued(seen, signed, now)
        case Failed() as failed:
            message = f"asked again: {failed.reason}"
            return _report_once(seen, Waiting(reason="NotAnswered", message=message, is_warning=True))
    return NOTHING


def _report_once(seen: Seen, waiting: Waiting) -> Decision:
    """An Event if the cause differs from the last one."""
    reported = (waiting.reason, waiting.message)
    memory = Memory(reported, waiting.memory)
    if seen.memory.reported == reported:
        return Decision(waiting.steps, wake_at=waiting.wake_at, memory=memory)
    type_: Any = "Warning" if waiting.is_warning else "Normal"
    event = Event(about=seen.request.raw, reason=waiting.reason, message=waiting.message, type=type_)
    return Decision((*waiting.steps, event), wake_at=waiting.wake_at, memory=memory)


def _failed(seen: Seen, reason: str, message: str, now: datetime) -> Decision:
    moment = timestamps.seconds(now)
    condition: JsonObject = {"type": "Failed", "status": "True", "reason": reason, "message": message}
    condition |= {"lastUpdateTime": moment, "lastTransitionTime": moment}
    listed = [*((seen.request.raw.get("status") or {}).get("conditions") or []), condition]
    event = Event(about=seen.request.raw, reason=reason, message=message, type="Warning")
    return Decision((*_status(seen.request, conditions=listed), event))


def _issued(seen: Seen, signed: Signed, now: datetime) -> Decision:
    """A signer's certificate is verified before it is stored."""
    try:
        found = certificates.first_of(signed.certificate)
        asked = csr.read(decoded(seen.request.spec.request))
    except ValueError as error:
        return _failed(seen, "DecodeError", f"Failed to decode returned certificate: {error}", now)
    if found.public != asked.public:
        return _failed(seen, "DecodeError", "the returned certificate is not for the key of the request", now)
    event = Event(about=seen.request.raw, reason="CertificateIssued", message=seen.reported)
    return Decision((*_status(seen.request, certificate=encoded(signed.certificate)), event))


def _status(request: CertificateSigningRequest, **changed: Any) -> tuple[Write, ...]:
    before = request.raw.get("status") or {}
    return requests.status(CertificateSigningRequest, request.raw, {**before, **changed})


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=CertificateSigningRequest,
        look=partial(look, settings=settings),
        decide=decide,
        manager=REPORTER,
        reporter=REPORTER,
    )
