"""Approves every CertificateRequest, unless the operator uses an approver of their own.

Owns the `Approved` condition's change to True. Source: spec/cert-manager.md section 7.1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.apis.certmanager import CertificateRequest
from argosy.certs.conditions import with_condition
from argosy.certs.signing_flow.outcome import status_write
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot
from argosy.machinery.objects import Key

NAME: Final = "certificaterequests-approver"
REPORTER: Final = "cert-manager-certificaterequests-approver"
_REASON: Final = "cert-manager.io"
_MESSAGE: Final = "Certificate request has been approved by cert-manager.io"


def look(snapshot: Snapshot, key: Key) -> CertificateRequest | None:
    return snapshot.get(CertificateRequest, key)


def decide(request: CertificateRequest, now: datetime) -> Decision:
    if is_decided(request):
        return NOTHING
    conditions = with_condition(request.status.conditions, "Approved", "True", _REASON, _MESSAGE, now)
    event = Event(about=request.raw, reason=_REASON, message=_MESSAGE)
    return Decision((*status_write(request, conditions=conditions), event))


def is_decided(request: CertificateRequest) -> bool:
    approved_or_denied = request.condition("Approved") is not None or request.condition("Denied") is not None
    return (
        approved_or_denied or request.ready_reason in ("Failed", "Issued") or bool(request.metadata.deletion_timestamp)
    )


def controller() -> Controller[CertificateRequest]:
    return Controller(name=NAME, kind=CertificateRequest, look=look, decide=decide, manager=REPORTER, reporter=REPORTER)
