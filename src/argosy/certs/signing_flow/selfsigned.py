"""Signs requests with their own key. Source: spec/cert-manager.md section 7.3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argosy.apis.certmanager import CertificateRequest
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import decoded
from argosy.certs.names import KEY_HOLDER
from argosy.certs.pki import keys, subject
from argosy.certs.pki import requests as csr
from argosy.certs.pki.signing import Pointers
from argosy.certs.ports import Signed, SignRequest, Unfit
from argosy.certs.settings import Settings
from argosy.certs.signing_flow import outcome
from argosy.certs.signing_flow.flow import IssuerType, Seen, duration_of
from argosy.machinery.controller import NOTHING, Decision, Event, Failed, Hidden, Pending, Snapshot
from argosy.machinery.objects import Key

EMPTY_NAME: Final = (
    "Certificate will be issued with an empty Issuer DN, which contravenes RFC 5280 and could break some strict clients"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why it is not signed; `lasting` means that waiting will not help."""

    reason: str
    message: str
    lasting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    answer: Signed | Unfit | Failed | Pending
    has_empty_name: bool


def look(snapshot: Snapshot, request: CertificateRequest, issuer: AnyIssuer, settings: Settings) -> Fault | Signing:
    name = request.metadata.annotations.get(KEY_HOLDER)
    if not name:
        message = f'Annotation "{KEY_HOLDER}" missing or reference empty: secret name missing'
        return Fault(reason="MissingAnnotation", message=message, lasting=True)
    namespace = request.metadata.namespace
    secret = snapshot.get(Secret, Key(namespace, name))
    if secret is None:
        message = f'Referenced secret {namespace}/{name} not found: secrets "{name}" not found'
        return Fault(reason="MissingSecret", message=message, lasting=False)
    text = secret.value("tls.key") or b""
    try:
        facts = keys.facts_of(text, settings.limits.key)
    except keys.KeyError_ as error:
        message = f'Failed to get key "{name}" referenced in annotation "{KEY_HOLDER}": {error}'
        return Fault(reason="ErrorParsingKey", message=message, lasting=False)
    try:
        asked = csr.read(decoded(request.spec.request))
    except csr.RequestError as error:
        message = f"Error generating certificate template: {error}"
        return Fault(reason="ErrorGenerating", message=message, lasting=True)
    if asked.public != facts.public:
        message = "Error generating certificate template: CSR not signed by referenced private key"
        return Fault(reason="ErrorKeyMatch", message=message, lasting=True)
    points = issuer.spec.self_signed.crl_distribution_points if issuer.spec.self_signed else ()
    question = SignRequest(
        owner=request.metadata.uid,
        request=decoded(request.spec.request),
        usages=request.spec.usages,
        is_ca=request.spec.is_ca,
        duration_seconds=duration_of(request).total_seconds(),
        key=Hidden(text),
        pointers=Pointers(crl=points),
    )
    return Signing(answer=snapshot.ask(question), has_empty_name=asked.subject == subject.EMPTY)


def decide(seen: Seen, now: datetime) -> Decision:
    found = seen.ready_for
    if isinstance(found, Fault):
        write = outcome.failed if found.lasting else outcome.pending
        return write(seen.request, found.reason, found.message, now)
    assert isinstance(found, Signing)
    if isinstance(found.answer, Unfit):
        message = f"Error generating certificate template: {found.answer.reason}"
        return outcome.failed(seen.request, "ErrorGenerating", message, now)
    if not isinstance(found.answer, Signed):
        return NOTHING
    warning = Event(about=seen.request.raw, reason="BadConfig", message=EMPTY_NAME, type="Warning")
    first = (warning,) if found.has_empty_name else ()
    return outcome.issued(seen.request, found.answer.certificate, found.answer.ca, now, *first)


TYPE: Final = IssuerType(name="selfsigned", look=look, decide=decide)
