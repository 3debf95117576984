"""Deletes the CertificateRequests of old revisions. Source: spec/cert-manager.md section 3.7."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.certs.certificate import matching
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Snapshot
from argosy.machinery.objects import Key

NAME: Final = "certificates-revision-manager"
_KEPT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    certificate: Certificate
    owned: tuple[CertificateRequest, ...]


def look(snapshot: Snapshot, key: Key) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp or not certificate.ready:
        return None
    return Seen(certificate=certificate, owned=snapshot.owned(CertificateRequest, certificate.metadata.uid))


def decide(seen: Seen, now: datetime) -> Decision:
    surplus = beyond_history(seen.owned, seen.certificate.spec.revision_history_limit)
    return Decision(tuple(requests.delete(CertificateRequest, one.raw) for one in surplus)) if surplus else NOTHING


def beyond_history(owned: tuple[CertificateRequest, ...], limit: int | None) -> list[CertificateRequest]:
    """All but the highest revisions; requests without a valid revision are ignored."""
    numbered = [(revision, one) for one in owned if (revision := matching.revision_of(one)) is not None]
    numbered.sort(key=lambda pair: (-pair[0], pair[1].metadata.name))
    return [one for _, one in numbered[max(limit or _KEPT, 1) :]]


def controller() -> Controller[Seen]:
    return Controller(name=NAME, kind=Certificate, look=look, decide=decide, manager=f"cert-manager-{NAME}")
