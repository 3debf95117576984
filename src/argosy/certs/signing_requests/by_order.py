"""Signs CertificateSigningRequests by ordering from an ACME server.

The Order is in the issuer's namespace, or in the cluster resource namespace, and is owned by the request. Source:
spec/cert-manager.md sections 8.2 and 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from argosy.apis.certmanager import ClusterIssuer, Order
from argosy.apis.certmanager.acme import FAILURE_STATES
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.certmanager.shared import GROUP
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.certs import names
from argosy.certs.base64_text import decoded
from argosy.certs.issuer_lookup import secrets_namespace
from argosy.certs.pki import certificates, subject
from argosy.certs.pki import requests as csr
from argosy.certs.ports import Signed
from argosy.certs.settings import Settings
from argosy.certs.signing_flow.acme import absent_name
from argosy.certs.signing_requests.terms import Refused, Waiting
from argosy.machinery import duration, requests
from argosy.machinery.controller import Event, Snapshot
from argosy.machinery.objects import JsonObject, Key

KIND: Final = "CertificateSigningRequest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """The Order as it should be, and as it is."""

    asked: csr.Request
    wanted: JsonObject
    order: Order | None


def look(
    snapshot: Snapshot, request: CertificateSigningRequest, issuer: AnyIssuer, settings: Settings, life: timedelta
) -> Ordering | Refused:
    try:
        asked = csr.read(decoded(request.spec.request))
    except csr.RequestError as error:
        return Refused(reason="RequestParsingError", message=f"Failed to decode CSR in spec.request: {error}")
    alternatives = asked.alt_names
    common_name = subject.common_name(asked.names)
    if common_name and common_name not in (*alternatives.dns, *alternatives.addresses):
        message = absent_name(common_name, alternatives.dns, alternatives.addresses)
        return Refused(reason="InvalidOrder", message=message)
    wanted = order_of(request, issuer, settings, asked, life)
    key = Key(wanted["metadata"]["namespace"], wanted["metadata"]["name"])
    return Ordering(asked=asked, wanted=wanted, order=snapshot.get(Order, key))


def order_of(
    request: CertificateSigningRequest, issuer: AnyIssuer, settings: Settings, asked: csr.Request, life: timedelta
) -> JsonObject:
    assert issuer.spec.acme is not None
    kind = "ClusterIssuer" if isinstance(issuer, ClusterIssuer) else "Issuer"
    spec = {
        "request": request.spec.request,
        "issuerRef": {"name": issuer.metadata.name, "kind": kind, "group": GROUP},
        "commonName": subject.common_name(asked.names),
        "dnsNames": list(asked.alt_names.dns),
        "ipAddresses": list(asked.alt_names.addresses),
        "duration": duration.spelled(life) if issuer.spec.acme.enable_duration_feature else "",
        "profile": issuer.spec.acme.profile,
    }
    spec = {key: value for key, value in spec.items() if value}
    metadata = request.metadata
    return {
        "apiVersion": "acme.cert-manager.io/v1",
        "kind": "Order",
        "metadata": {
            "name": names.order_name(metadata.name, spec, whose="certificateSigningRequestName"),
            "namespace": secrets_namespace(issuer, settings),
            "labels": dict(metadata.labels),
            "annotations": names.copied_annotations(settings.copied_annotations, metadata.annotations),
            "ownerReferences": [_owner(request)],
        },
        "spec": spec,
    }


def _owner(request: CertificateSigningRequest) -> JsonObject:
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": KIND,
        "name": request.metadata.name,
        "uid": request.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def judged(request: CertificateSigningRequest, found: Ordering) -> Signed | Refused | Waiting:
    order, place = found.order, f"{found.wanted['metadata']['namespace']}/{found.wanted['metadata']['name']}"
    if order is None:
        made = requests.create(Order, found.wanted)
        return Waiting(reason="OrderCreated", message=f"Created Order resource {place}", steps=(made,))
    if not any(one.uid == request.metadata.uid and one.controller for one in order.metadata.owner_references):
        message = f"Order {place} exists and belongs to another; waiting for its deletion"
        return Waiting(reason="OrderPending", message=message, is_warning=True)
    state = order.status.state
    if state in FAILURE_STATES:
        message = f'order is in "{state}" state: {order.status.reason}'
        message = f"Failed to wait for order resource {place} to become ready: {message}"
        return Refused(reason="OrderFailed", message=message)
    if state == "valid" and order.status.certificate and not order.metadata.deletion_timestamp:
        return _taken_over(request, found, order)
    message = f'Waiting on certificate issuance from order {place}: "{state}"'
    return Waiting(reason="OrderPending", message=message)


def _taken_over(request: CertificateSigningRequest, found: Ordering, order: Order) -> Signed | Waiting:
    """An Order that cannot be used is replaced by a new one."""
    chain = decoded(order.status.certificate)
    try:
        fits = certificates.first_of(chain).public == found.asked.public
        fault = "the signed certificate's key does not match the request"
    except certificates.CertificateError as error:
        fits, fault = False, str(error)
    if fits:
        return Signed(chain, b"")
    message = f"Deleting Order with bad certificate: {fault}"
    reported = Event(about=request.raw, reason="OrderBadCertificate", message=message, type="Warning")
    return Waiting(reason="OrderPending", message=message, steps=(requests.delete(Order, order.raw), reported))
