"""Asks ACME servers when a certificate should be renewed (RFC 9773), and stores the answers.

Owns `status.acme.ari` of Certificates, which trigger and readiness use. Wakes at the next check. Off by default.
Source: spec/cert-manager.md section 3.6.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Certificate
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import written
from argosy.certs.acme.login import server_of
from argosy.certs.acme.ports import ReadRenewalWindow, Refused, RenewalWindow, Unavailable
from argosy.certs.acme.renewal_information import certificate_id
from argosy.certs.acme.rounds import AGAIN
from argosy.certs.certificate import status
from argosy.certs.issuer_lookup import issuer_of
from argosy.certs.pki import certificates
from argosy.certs.pki.certificates import X509
from argosy.certs.settings import Settings
from argosy.machinery import timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Failed, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key

NAME: Final = "certificates-renewal-information"
REPORTER: Final = "cert-manager-certificates-readiness"
POLL: Final = timedelta(hours=6)
SOONEST: Final = timedelta(hours=1)
LATEST: Final = timedelta(days=7)
_SPREAD: Final = 0.1
"""Checks are spread over a tenth of their interval, so that they do not all reach a server at once."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A check is in progress; `number` distinguishes it from the one before."""

    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    certificate: Certificate
    x509: X509
    answer: RenewalWindow | Refused | Unavailable | Failed | Pending | None
    asking: Asking | None
    count: int


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp or not certificate.spec.issuer_ref.is_ours:
        return None
    issuer = issuer_of(snapshot, certificate.spec.issuer_ref, key.namespace)
    spec = issuer.spec.acme if issuer is not None else None
    if spec is None or spec.renewal_information_source == "None":
        return None
    found = stored(snapshot, certificate, settings)
    if found is None or not certificate_id(found):
        return None
    memory: Any = snapshot.memory
    asking = memory if isinstance(memory, Asking) else None
    answer: Any = None
    if asking is not None:
        answer = snapshot.ask(ReadRenewalWindow(server_of(spec), certificate_id(found), asking.number))
    count = memory if isinstance(memory, int) else 0
    return Seen(certificate=certificate, x509=found, answer=answer, asking=asking, count=count)


def stored(snapshot: Snapshot, certificate: Certificate, settings: Settings) -> X509 | None:
    secret = snapshot.get(Secret, Key(certificate.metadata.namespace, certificate.spec.secret_name))
    try:
        return certificates.first_of((secret.value("tls.crt") if secret else None) or b"", settings.limits.chain)
    except certificates.CertificateError:
        return None


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.asking is None:
        due = next_check(seen)
        if due is not None and now < due:
            return Decision(wake_at=due)
        return Decision(wake_at=now + AGAIN, memory=Asking(seen.count))
    match seen.answer:
        case RenewalWindow() as window:
            return _stored(seen, window, now)
        case Refused() | Unavailable() as trouble:
            return _failed(seen, str(trouble), now)
        case Failed() as failed:
            return _failed(seen, f"no answer: {failed.reason}", now)
        case None:  # the server offers no renewal information: asked again from time to time
            return Decision(_written(seen, {"lastError": ""}, now, LATEST), memory=seen.asking.number + 1)
    return NOTHING


def next_check(seen: Seen) -> datetime | None:
    """None means now. Facts about the previous certificate are ignored."""
    found = seen.certificate.status.acme.ari if seen.certificate.status.acme else None
    if found is None or not found.last_checked or not found.next_check:
        return None
    if timestamps.parse(found.last_checked) < seen.x509.not_before:
        return None
    return timestamps.parse(found.next_check)


def _stored(seen: Seen, window: RenewalWindow, now: datetime) -> Decision:
    assert seen.asking is not None
    made: JsonObject = {
        "suggestedWindow": {"start": timestamps.seconds(window.start), "end": timestamps.seconds(window.end)}
    }
    if window.explanation.startswith("https://"):
        made["explanationURL"] = window.explanation
    wait = timedelta(seconds=window.retry_after) if window.retry_after else POLL
    return Decision(_written(seen, made, now, wait), memory=seen.asking.number + 1)


def _failed(seen: Seen, why: str, now: datetime) -> Decision:
    """Keeps what was known."""
    assert seen.asking is not None
    before = seen.certificate.status.acme.ari if seen.certificate.status.acme else None
    made = {**(written(before) if before else {}), "lastError": why[:500]}
    event = Event(about=seen.certificate.raw, reason="ARIError", message=why[:500], type="Warning")
    events = () if before is not None and before.last_error == why[:500] else (event,)
    return Decision((*_written(seen, made, now, SOONEST), *events), memory=seen.asking.number + 1)


def _written(seen: Seen, made: JsonObject, now: datetime, wait: timedelta) -> Any:
    after = min(max(wait, SOONEST), LATEST) * (1 + _SPREAD * _share(seen.certificate.metadata.uid))
    ari = {**made, "lastChecked": timestamps.seconds(now), "nextCheck": timestamps.seconds(now + after)}
    return status.write(seen.certificate, acme={"ari": {key: value for key, value in ari.items() if value}})


def _share(uid: str) -> float:
    """From -1 to 1, always the same for the same Certificate."""
    return int.from_bytes(hashlib.sha256(uid.encode()).digest()[:4], "big") / 2**31 - 1


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Certificate,
        look=partial(look, settings=settings),
        decide=decide,
        background=True,
        manager=REPORTER,
        reporter=REPORTER,
    )
