"""Keeps one CertificateRequest for the next revision of a Certificate that is being issued.

Owns the Certificate's CertificateRequests until they are signed. Waits for the next private key; the request is
signed with it by a question. Source: spec/cert-manager.md section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs import names
from argosy.certs.base64_text import encoded
from argosy.certs.certificate import matching
from argosy.certs.certificate.target_secret import owner_reference
from argosy.certs.pki import keys
from argosy.certs.ports import MakeRequest, Unfit
from argosy.certs.settings import Settings
from argosy.machinery import duration, requests, timestamps
from argosy.machinery.controller import NOTHING, PENDING, Controller, Decision, Event, Failed, Hidden, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key

NAME: Final = "certificates-request-manager"
REPORTER: Final = "cert-manager-certificates-request-manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    certificate: Certificate
    next_key: Secret
    facts: keys.KeyFacts
    owned: tuple[CertificateRequest, ...]
    made: bytes | Unfit | Failed | Pending | None
    """The PEM request; None while an existing request is to be checked first."""
    memory: Any
    settings: Settings


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp or not certificate.issuing:
        return None
    found = next_key_of(snapshot, certificate, settings)
    if found is None:
        return None
    secret, facts = found
    owned = snapshot.owned(CertificateRequest, certificate.metadata.uid)
    made: bytes | Unfit | Failed | Pending | None = None
    if not any(True for one in owned if to_delete(one, certificate, facts)) and not _next(owned, certificate):
        made = snapshot.ask(MakeRequest(_spec_text(certificate), Hidden(secret.value("tls.key") or b"")))
    return Seen(
        certificate=certificate,
        next_key=secret,
        facts=facts,
        owned=owned,
        made=made,
        memory=snapshot.memory,
        settings=settings,
    )


def next_key_of(
    snapshot: Snapshot, certificate: Certificate, settings: Settings
) -> tuple[Secret, keys.KeyFacts] | None:
    """The Secret that status names and its key, if it exists, can be parsed and matches the spec."""
    name = certificate.status.next_private_key_secret_name
    secret = snapshot.get(Secret, Key(certificate.metadata.namespace, name)) if name else None
    if secret is None:
        return None
    try:
        facts = keys.facts_of(secret.value("tls.key") or b"", settings.limits.key)
        mismatches = keys.mismatches(facts, certificate.spec.private_key)
    except keys.KeyError_:
        return None
    return None if mismatches else (secret, facts)


def decide(seen: Seen, now: datetime) -> Decision:
    stale = [one for one in seen.owned if to_delete(one, seen.certificate, seen.facts)]
    if stale:
        return Decision(tuple(requests.delete(CertificateRequest, one.raw) for one in stale))
    made = seen.made
    if made is None or made is PENDING:
        return NOTHING
    if isinstance(made, Failed):
        return _report_once(seen, f"Failed to generate CSR: {made.reason}")
    if isinstance(made, Unfit):
        return _report_once(seen, f"Failed to generate CSR: {made.reason} - will not retry")
    assert isinstance(made, bytes)
    name = names.request_name(seen.certificate.metadata.name, seen.certificate.revision + 1)
    message = f'Created new CertificateRequest resource "{name}"'
    event = Event(about=seen.certificate.raw, reason="Requested", message=message)
    return Decision((requests.create(CertificateRequest, _request(seen, name, made)), event))


def to_delete(request: CertificateRequest, certificate: Certificate, facts: keys.KeyFacts) -> bool:
    """No revision; or the next one, but it does not match spec or key, or failed before this issuance started."""
    revision = matching.revision_of(request)
    if revision is None:
        return True
    if revision != certificate.revision + 1:
        return False
    try:
        found = matching.compared(request, certificate.spec)
    except ValueError:
        return True
    return bool(found.fields) or found.public != facts.public or failed_before(request, certificate)


def failed_before(request: CertificateRequest, certificate: Certificate) -> bool:
    """Whether the request failed in an earlier attempt at the same revision."""
    issuing, failed = certificate.condition("Issuing"), request.status.failure_time
    if request.ready_reason != "Failed" or not failed or issuing is None or not issuing.last_transition_time:
        return False
    return timestamps.parse(failed) < timestamps.parse(issuing.last_transition_time)


def _next(owned: tuple[CertificateRequest, ...], certificate: Certificate) -> list[CertificateRequest]:
    return matching.of_revision(owned, certificate.revision + 1)


def _report_once(seen: Seen, message: str) -> Decision:
    if seen.memory == message:
        return NOTHING
    event = Event(about=seen.certificate.raw, reason="RequestFailed", message=message, type="Warning")
    return Decision((event,), memory=message)


def _spec_text(certificate: Certificate) -> str:
    return names.go_json(certificate.raw.get("spec") or {})


def _request(seen: Seen, name: str, made: bytes) -> JsonObject:
    certificate = seen.certificate
    metadata = certificate.metadata
    raw: JsonObject = certificate.raw.get("spec") or {}
    spec: JsonObject = {"request": encoded(made), "issuerRef": raw.get("issuerRef") or {}}
    spec |= {key: raw[key] for key in ("isCA", "usages") if raw.get(key)}
    if certificate.spec.duration:
        spec["duration"] = duration.spelled(duration.nanoseconds(certificate.spec.duration))
    annotations = names.copied_annotations(seen.settings.copied_annotations, metadata.annotations)
    made_metadata: JsonObject = {
        "name": name,
        "namespace": metadata.namespace,
        "annotations": {
            **annotations,
            names.REVISION: str(certificate.revision + 1),
            names.KEY_HOLDER: seen.next_key.metadata.name,
            names.CERTIFICATE_NAME: metadata.name,
        },
        "ownerReferences": [owner_reference(certificate)],
    }
    if metadata.labels:
        made_metadata["labels"] = dict(metadata.labels)
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "CertificateRequest",
        "metadata": made_metadata,
        "spec": spec,
    }


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Certificate,
        look=partial(look, settings=settings),
        decide=decide,
        owns=(CertificateRequest,),
        manager=REPORTER,
        reporter=REPORTER,
    )
