"""Signs Kubernetes CertificateSigningRequests whose signer is an Issuer or ClusterIssuer.

Owns `status.certificate` and the `Failed` condition of those requests. They are cluster-wide: who asks for an Issuer of
a namespace must have the right to refer to it. Source: spec/cert-manager.md section 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import ClusterIssuer, Issuer
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.certmanager.shared import GROUP
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import decoded, encoded
from argosy.certs.pki import certificates, keys
from argosy.certs.pki import requests as csr
from argosy.certs.pki.signing import DEFAULT_DURATION, Pointers
from argosy.certs.ports import MayRefer, Signed, SignRequest, Unfit
from argosy.certs.settings import Settings
from argosy.certs.signers import Signer, parse
from argosy.certs.signing_flow import ca
from argosy.machinery import duration, requests, timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Failed, Hidden, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write

NAME: Final = "certificatesigningrequests-issuer"
REPORTER: Final = "cert-manager-certificatesigningrequests-issuer"
PREFIX: Final = "experimental.cert-manager.io/"
KEY_HOLDER: Final = f"{PREFIX}private-key-secret-name"
SHORTEST: Final = timedelta(seconds=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why it is not signed; `lasting`: it fails, otherwise it is waited for."""

    reason: str
    message: str
    lasting: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    request: CertificateSigningRequest
    answer: Any
    """Signed, Unfit, Refused, or what is still awaited."""
    told: str
    memory: Any


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
    told = "Certificate fetched from issuer successfully"
    if request.is_true("Approved"):
        issuer = _issuer(snapshot, signer)
        answer = _answered(snapshot, request, signer, issuer, settings)
        if issuer is not None and issuer.spec.type == "selfsigned":
            told = "Certificate self-signed successfully"
    return Seen(request=request, answer=answer, told=told, memory=snapshot.memory)


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


def duration_of(request: CertificateSigningRequest) -> timedelta | Refused:
    text = request.metadata.annotations.get(f"{PREFIX}request-duration")
    if text is not None:
        try:
            found = duration.parse(text)
        except duration.DurationError as error:
            return Refused(reason="InvalidDuration", message=f"annotation {PREFIX}request-duration: {error}")
    elif request.spec.expiration_seconds is not None:
        found = timedelta(seconds=request.spec.expiration_seconds)
    else:
        found = DEFAULT_DURATION
    if found < SHORTEST:
        asked, shortest = duration.spelled(found), duration.spelled(SHORTEST)
        message = f"a certificate of {asked} is asked for; the shortest is {shortest}"
        return Refused(reason="InvalidDuration", message=message)
    return found


def _signed(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    issuer: AnyIssuer,
    settings: Settings,
    life: timedelta,
) -> Any:
    if issuer.spec.type == "ca":
        return _by_ca(snapshot, request, issuer, settings, life)
    if issuer.spec.type == "selfsigned":
        return _by_own_key(snapshot, request, issuer, settings, life)
    message = f"issuers of type {issuer.spec.type or 'none'} do not sign CertificateSigningRequests here"
    return Refused(reason="IssuerTypeUnsupported", message=message, lasting=False)


def _by_ca(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    issuer: AnyIssuer,
    settings: Settings,
    life: timedelta,
) -> Any:
    assert issuer.spec.ca is not None
    found = ca.authority_for(snapshot, issuer, settings)
    if isinstance(found, ca.Missing):
        return Refused(reason=found.reason, message=found.message, lasting=False)
    spec = issuer.spec.ca
    pointers = Pointers(crl=spec.crl_distribution_points, ocsp=spec.ocsp_servers, issuing=spec.issuing_certificate_urls)
    return snapshot.ask(_question(request, life, found.key, found.certificates, pointers))


def _by_own_key(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    issuer: AnyIssuer,
    settings: Settings,
    life: timedelta,
) -> Any:
    name = request.metadata.annotations.get(KEY_HOLDER)
    if not name:
        message = f'Missing private key reference annotation: "{KEY_HOLDER}"'
        return Refused(reason="MissingAnnotation", message=message)
    namespace = issuer.metadata.namespace or settings.cluster_resource_namespace
    secret = snapshot.get(Secret, Key(namespace, name))
    if secret is None:
        message = f"Referenced Secret {namespace}/{name} not found"
        return Refused(reason="SecretNotFound", message=message, lasting=False)
    text = secret.value("tls.key") or b""
    try:
        facts = keys.facts_of(text, settings.limits.key)
        asked = csr.read(decoded(request.spec.request))
    except keys.KeyError_ as error:
        message = f"Failed to parse signing key from secret {namespace}/{name}: {error}"
        return Refused(reason="ErrorParsingKey", message=message, lasting=False)
    except csr.RequestError as error:
        return Refused(reason="ErrorGenerating", message=f"Error generating certificate template: {error}")
    if facts.public != asked.public:
        message = f"the key in Secret {namespace}/{name} is not the one that the request is signed with"
        return Refused(reason="ErrorKeyMatch", message=message)
    points = issuer.spec.self_signed.crl_distribution_points if issuer.spec.self_signed else ()
    return snapshot.ask(_question(request, life, Hidden(text), b"", Pointers(crl=points)))


def _question(
    request: CertificateSigningRequest, life: timedelta, key: Hidden, authority: bytes, pointers: Pointers
) -> SignRequest:
    return SignRequest(
        owner=request.metadata.uid,
        request=decoded(request.spec.request),
        usages=request.spec.usages,
        is_ca=request.metadata.annotations.get(f"{PREFIX}request-is-ca") == "true",
        duration_seconds=life.total_seconds(),
        key=key,
        authority=authority,
        pointers=pointers,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    match seen.answer:
        case None:
            return _told_once(seen, "WaitingApproval", "Waiting for the Approved condition before issuing", "Normal")
        case Refused() as refused if not refused.lasting:
            return _told_once(seen, refused.reason, refused.message, "Warning")
        case Refused() as refused:
            return _failed(seen, refused.reason, refused.message, now)
        case Unfit() as unfit:
            return _failed(seen, "ErrorSigning", f"Error signing certificate: {unfit.reason}", now)
        case Signed() as signed:
            return _issued(seen, signed, now)
        case Failed() as failed:
            return _told_once(seen, "NotAnswered", f"asked again: {failed.reason}", "Warning")
    return NOTHING


def _told_once(seen: Seen, reason: str, message: str, type_: Any) -> Decision:
    if not seen.request.is_true("Approved") and reason != "WaitingApproval":
        return NOTHING
    if seen.memory == (reason, message):
        return NOTHING
    event = Event(about=seen.request.raw, reason=reason, message=message, type=type_)
    return Decision((event,), memory=(reason, message))


def _failed(seen: Seen, reason: str, message: str, now: datetime) -> Decision:
    moment = timestamps.seconds(now)
    condition: JsonObject = {"type": "Failed", "status": "True", "reason": reason, "message": message}
    condition |= {"lastUpdateTime": moment, "lastTransitionTime": moment}
    listed = [*((seen.request.raw.get("status") or {}).get("conditions") or []), condition]
    event = Event(about=seen.request.raw, reason=reason, message=message, type="Warning")
    return Decision((*_status(seen.request, conditions=listed), event))


def _issued(seen: Seen, signed: Signed, now: datetime) -> Decision:
    """What a signer returned is verified before it is stored."""
    try:
        found = certificates.first_of(signed.certificate)
        asked = csr.read(decoded(seen.request.spec.request))
    except ValueError as error:
        return _failed(seen, "DecodeError", f"Failed to decode returned certificate: {error}", now)
    if found.public != asked.public:
        return _failed(seen, "DecodeError", "the returned certificate is not for the key of the request", now)
    event = Event(about=seen.request.raw, reason="CertificateIssued", message=seen.told)
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
