"""Outcomes of signing a CertificateRequest, as its status and events report them.

Source: spec/cert-manager.md section 7.2.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from argosy.apis.certmanager import CertificateRequest
from argosy.certs.base64_text import encoded
from argosy.certs.conditions import with_condition
from argosy.certs.pki import certificates
from argosy.machinery import requests, timestamps
from argosy.machinery.controller import NOTHING, Decision, Event, Step
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write

ISSUED = "Certificate fetched from issuer successfully"


def status_write(request: CertificateRequest, **changes: Any) -> tuple[Write, ...]:
    status: JsonObject = {**(request.raw.get("status") or {}), **changes}
    return requests.status(CertificateRequest, request.raw, {k: v for k, v in status.items() if v is not None})


def pending(request: CertificateRequest, reason: str, message: str, now: datetime, *steps: Step) -> Decision:
    """Waits; the event is emitted when the wait starts or its cause changes. `steps` come first."""
    conditions = with_condition(request.status.conditions, "Ready", "False", "Pending", message, now)
    writes = status_write(request, conditions=conditions)
    if not writes:
        return Decision(steps)
    before = request.condition("Ready")
    begins = before is None or before.reason != "Pending" or before.message != message
    events = (Event(about=request.raw, reason=reason, message=message),) if begins else ()
    return Decision((*steps, *writes, *events))


def waiting(request: CertificateRequest, message: str, now: datetime) -> Decision:
    """Like `pending`, without an Event: the wait continues."""
    conditions = with_condition(request.status.conditions, "Ready", "False", "Pending", message, now)
    return Decision(status_write(request, conditions=conditions))


def failed(request: CertificateRequest, reason: str, message: str, now: datetime) -> Decision:
    conditions = with_condition(request.status.conditions, "Ready", "False", "Failed", message, now)
    failure_time = request.status.failure_time or timestamps.seconds(now)
    writes = status_write(request, conditions=conditions, failureTime=failure_time)
    return Decision((*writes, Event(about=request.raw, reason=reason, message=message, type="Warning")))


def denied(request: CertificateRequest, now: datetime) -> Decision:
    if request.ready_reason == "Denied":
        return NOTHING
    message = "The CertificateRequest was denied by an approval controller"
    conditions = with_condition(request.status.conditions, "Ready", "False", "Denied", message, now)
    failure_time = request.status.failure_time or timestamps.seconds(now)
    return Decision(status_write(request, conditions=conditions, failureTime=failure_time))


def issued(request: CertificateRequest, certificate: bytes, ca: bytes, now: datetime, *first: Event) -> Decision:
    """Stores the signed certificate; one that cannot be decoded fails the request."""
    try:
        certificates.first_of(certificate)
    except certificates.CertificateError as error:
        return failed(request, "DecodeError", f"Failed to decode returned certificate: {error}", now)
    conditions = with_condition(request.status.conditions, "Ready", "True", "Issued", ISSUED, now)
    writes = status_write(
        request, conditions=conditions, certificate=encoded(certificate), ca=encoded(ca) if ca else None
    )
    return Decision((*first, *writes, Event(about=request.raw, reason="CertificateIssued", message=ISSUED)))
