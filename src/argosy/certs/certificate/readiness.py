"""Reports whether the stored certificate matches the spec, and until when.

Owns the `Ready` condition of Certificates, and `notBefore`, `notAfter` and `renewalTime`. Reads the Secret and the
request of the current revision. Wakes when the certificate expires. Source: spec/cert-manager.md section 3.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.certificate import checks, matching, renewal, status
from argosy.certs.conditions import with_condition
from argosy.certs.pki import certificates
from argosy.certs.settings import Settings
from argosy.machinery import timestamps
from argosy.machinery.controller import Controller, Decision, Event, Snapshot
from argosy.machinery.objects import Key

NAME: Final = "certificates-readiness"
REPORTER: Final = "cert-manager-certificates-readiness"
_READY: Final = "Certificate is up to date and has not expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    stored: checks.Stored
    memory: Any


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp:
        return None
    owned = snapshot.owned(CertificateRequest, certificate.metadata.uid) if certificate.revision else ()
    current = matching.of_revision(owned, certificate.revision)
    stored = checks.Stored(
        certificate=certificate,
        secret=snapshot.get(Secret, Key(key.namespace, certificate.spec.secret_name)),
        current=current[0] if len(current) == 1 else None,
        limits=settings.limits,
        use_renewal_information=settings.use_renewal_information,
    )
    return Seen(stored=stored, memory=snapshot.memory)


def decide(seen: Seen, now: datetime) -> Decision:
    stored = seen.stored
    certificate = stored.certificate
    found = decodable(stored)
    due = _due(stored, found) if found else renewal.RenewalTime(None)
    finding = checks.first_finding(checks.READINESS, stored, now)
    if finding is None and due.error:
        finding = checks.Finding(checks.WINDOW_ERROR, due.error)
    ready = ("True", "Ready", _READY) if finding is None else ("False", *finding)
    conditions = with_condition(
        certificate.status.conditions, "Ready", *ready, now, generation=certificate.metadata.generation
    )
    writes = status.write(
        certificate,
        conditions=conditions,
        notBefore=timestamps.seconds(found.not_before) if found else None,
        notAfter=timestamps.seconds(found.not_after) if found else None,
        renewalTime=timestamps.seconds(due.at) if due.at else None,
    )
    events = _window_event(seen, due)
    wake_at = found.not_after + timedelta(seconds=1) if found and now <= found.not_after else None
    return Decision((*writes, *events), wake_at=wake_at, memory=due.error)


def decodable(stored: checks.Stored) -> certificates.X509 | None:
    if stored.secret is None or not stored.secret.value("tls.crt"):
        return None
    try:
        return stored.x509
    except certificates.CertificateError:
        return None


def _due(stored: checks.Stored, found: certificates.X509) -> renewal.RenewalTime:
    start = checks.suggested_start(stored)
    spec = stored.certificate.spec
    return renewal.renewal_time(
        found.not_before,
        found.not_after,
        renew_before=spec.renew_before,
        percentage=spec.renew_before_percentage,
        renewal=spec.renewal,
        suggested=start if start is not None and start > found.not_before else None,
    )


def _window_event(seen: Seen, due: renewal.RenewalTime) -> tuple[Event, ...]:
    if not due.error or seen.memory == due.error:
        return ()
    about = seen.stored.certificate.raw
    return (Event(about=about, reason=checks.WINDOW_ERROR, message=due.error, type="Warning"),)


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Certificate,
        look=partial(look, settings=settings),
        decide=decide,
        manager=REPORTER,
        reporter=REPORTER,
    )
