"""The statuses that `renew`, `approve` and `deny` write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.certs.conditions import with_condition
from argosy.machinery import requests
from argosy.machinery.requests import Write


class NotNow(Exception):
    """It is not possible in the current state; the message says why."""


def renewed(certificate: Certificate, now: datetime) -> Write:
    """Raises NotNow while an issuance is in progress: the next one could not start."""
    name = certificate.metadata.name
    if certificate.issuing:
        raise NotNow(f"Certificate {name} is being issued already")
    message = "Certificate re-issuance manually triggered"
    conditions = with_condition(
        certificate.status.conditions,
        "Issuing",
        "True",
        "ManuallyTriggered",
        message,
        now,
        generation=certificate.metadata.generation,
    )
    return _written(Certificate, certificate, conditions)


def decided(request: CertificateRequest, verdict: str, reason: str, message: str, now: datetime) -> Write:
    """`verdict` is Approved or Denied. Raises NotNow if it was decided before: a decision is final."""
    for one in ("Approved", "Denied"):
        if request.is_true(one):
            raise NotNow(f"CertificateRequest {request.metadata.name} was {one.lower()} before")
    conditions = with_condition(request.status.conditions, verdict, "True", reason, message, now)
    return _written(CertificateRequest, request, conditions)


def _written(kind: Any, seen: Any, conditions: list[dict[str, Any]]) -> Write:
    status = {**(seen.raw.get("status") or {}), "conditions": conditions}
    return requests.status(kind, seen, status)[0]
