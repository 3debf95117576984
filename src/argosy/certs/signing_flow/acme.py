"""Signs requests by ordering from an ACME server: creates an Order, and copies its result.

Owns the Orders of requests. Source: spec/cert-manager.md section 8.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argosy.apis.certmanager import Certificate, CertificateRequest, Order
from argosy.apis.certmanager.acme import FAILURE_STATES
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.schema import written
from argosy.certs import names
from argosy.certs.acme.renewal_information import certificate_id
from argosy.certs.acme.renewals import stored
from argosy.certs.base64_text import decoded
from argosy.certs.pki import certificates, subject
from argosy.certs.pki import requests as csr
from argosy.certs.settings import Settings
from argosy.certs.signing_flow import outcome
from argosy.certs.signing_flow.flow import IssuerType, Seen
from argosy.machinery import requests
from argosy.machinery.controller import Decision, Event, Snapshot
from argosy.machinery.objects import JsonObject, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why no order can be created."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """The Order as it should be, and as it is."""

    wanted: JsonObject
    order: Order | None


def look(snapshot: Snapshot, request: CertificateRequest, issuer: AnyIssuer, settings: Settings) -> Fault | Ordering:
    try:
        asked = csr.read(decoded(request.spec.request))
    except csr.RequestError as error:
        return Fault(reason="RequestParsingError", message=f"Failed to decode CSR in spec.request: {error}")
    wanted = order_of(request, issuer, asked, _replaced(snapshot, request, issuer, settings))
    if isinstance(wanted, Fault):
        return wanted
    key = Key(request.metadata.namespace, wanted["metadata"]["name"])
    return Ordering(wanted=wanted, order=snapshot.get(Order, key))


def _replaced(snapshot: Snapshot, request: CertificateRequest, issuer: AnyIssuer, settings: Settings) -> str:
    """The identifier of the certificate that this one replaces (RFC 9773); empty if it is not sent."""
    assert issuer.spec.acme is not None
    if not settings.use_renewal_information or issuer.spec.acme.renewal_information_source == "None":
        return ""
    name = request.metadata.annotations.get(names.CERTIFICATE_NAME, "")
    certificate = snapshot.get(Certificate, Key(request.metadata.namespace, name)) if name else None
    found = stored(snapshot, certificate, settings) if certificate is not None and certificate.revision else None
    return certificate_id(found) if found else ""


def order_of(
    request: CertificateRequest, issuer: AnyIssuer, asked: csr.Request, replaces: str = ""
) -> JsonObject | Fault:
    alternatives = asked.alt_names
    common_name = next((one.value for rdn in asked.names for one in rdn if one.oid == subject.COMMON_NAME), "")
    if common_name and common_name not in (*alternatives.dns, *alternatives.addresses):
        return Fault(reason="InvalidOrder", message=absent_name(common_name, alternatives.dns, alternatives.addresses))
    assert issuer.spec.acme is not None
    timed = issuer.spec.acme.enable_duration_feature
    spec = {
        "request": request.spec.request,
        "issuerRef": written(request.spec.issuer_ref),
        "commonName": common_name,
        "dnsNames": list(alternatives.dns),
        "ipAddresses": list(alternatives.addresses),
        "duration": request.spec.duration if timed else "",
        "profile": issuer.spec.acme.profile,
        "replaces": replaces,
    }
    spec = {key: value for key, value in spec.items() if value}
    return {
        "apiVersion": "acme.cert-manager.io/v1",
        "kind": "Order",
        "metadata": {
            "name": names.order_name(request.metadata.name, spec),
            "namespace": request.metadata.namespace,
            "labels": dict(request.metadata.labels),
            "annotations": dict(request.metadata.annotations),
            "ownerReferences": [_owner(request)],
        },
        "spec": spec,
    }


def absent_name(common_name: str, dns: tuple[str, ...], addresses: tuple[str, ...]) -> str:
    return (
        "The CSR PEM requests a commonName that is not present in the list of dnsNames or ipAddresses. If a commonName "
        "is set, ACME requires that the value is also present in the list of dnsNames or ipAddresses: "
        f'"{common_name}" does not exist in [{" ".join(dns)}] or [{" ".join(addresses)}]'
    )


def _owner(request: CertificateRequest) -> JsonObject:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "CertificateRequest",
        "name": request.metadata.name,
        "uid": request.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def decide(seen: Seen, now: datetime) -> Decision:
    found = seen.ready_for
    if isinstance(found, Fault):
        return outcome.failed(seen.request, found.reason, found.message, now)
    assert isinstance(found, Ordering)
    name = f"{seen.request.metadata.namespace}/{found.wanted['metadata']['name']}"
    if found.order is None:
        message = f"Created Order resource {name}"
        return outcome.pending(seen.request, "OrderCreated", message, now, requests.create(Order, found.wanted))
    return _by_state(seen, found.order, name, now)


def _by_state(seen: Seen, order: Order, name: str, now: datetime) -> Decision:
    state = order.status.state
    if order.metadata.deletion_timestamp:
        return Decision()
    if not _is_of(order, seen.request):
        return _taken(seen, name, now)
    if state in FAILURE_STATES:
        message = (
            f'Failed to wait for order resource "{order.metadata.name}" to become ready: '
            f'order is in "{state}" state: {order.status.reason}'
        )
        return outcome.failed(seen.request, "OrderFailed", message, now)
    if state == "valid" and order.status.certificate:
        return _issued(seen, order, now)
    message = f'Waiting on certificate issuance from order {name}: "{state}"'
    return outcome.waiting(seen.request, message, now)


def _is_of(order: Order, request: CertificateRequest) -> bool:
    return any(one.uid == request.metadata.uid for one in order.metadata.owner_references)


def _taken(seen: Seen, name: str, now: datetime) -> Decision:
    """An Order of this name that we did not create is never used: it is deleted with its owner, or by hand."""
    message = f"Order {name} exists and belongs to another; waiting for its deletion"
    return outcome.pending(seen.request, "OrderPending", message, now)


def _issued(seen: Seen, order: Order, now: datetime) -> Decision:
    chain = decoded(order.status.certificate)
    try:
        certificates.first_of(chain)
    except certificates.CertificateError as error:
        text = f"Order {order.metadata.name} holds no valid certificate, and is re-created: {error}"
        event = Event(about=seen.request.raw, reason="OrderBadCertificate", message=text, type="Warning")
        return Decision((requests.delete(Order, order.raw), event))
    return outcome.issued(seen.request, chain, b"", now)


TYPE: Final = IssuerType(name="acme", look=look, decide=decide)
