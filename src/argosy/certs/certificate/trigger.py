"""Decides when a Certificate must be issued or issued again.

Owns the `Issuing` condition of Certificates, and only its way to True, and `IssuanceLimited`. Reads the Certificate,
its rivals for the Secret, the Secret, and the requests of the current and the next revision. Wakes at the renewal
time, at the end of a back-off, when the hourly limit of issuances allows another, and while the Secret belongs to
another Certificate. Source: spec/cert-manager.md section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.certificate import backoff, checks, matching, ownership, renewal, status
from argosy.certs.conditions import with_condition, without_condition
from argosy.certs.settings import Settings
from argosy.machinery import timestamps
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Index, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write

NAME: Final = "certificates-trigger"
REPORTER: Final = "cert-manager-certificates-trigger"
LIMITED: Final = "IssuanceLimited"
_HOUR: Final = timedelta(hours=1)


def _secret_named(raw: JsonObject) -> list[str]:
    name = (raw.get("spec") or {}).get("secretName")
    return [f"{raw['metadata'].get('namespace', '')}/{name}"] if name else []


BY_SECRET: Final = Index("certificate-by-secret", Certificate, _secret_named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    begun: tuple[datetime, ...] = ()
    """When this process started issuances, within about the last hour."""
    lost: ownership.Lost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    certificate: Certificate
    rivals: tuple[Certificate, ...]
    """All Certificates with this secretName, including this one."""
    secret: Secret | None
    owned: tuple[CertificateRequest, ...]
    memory: Memory
    settings: Settings


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp or certificate.issuing:
        return None  # while it is being issued, nothing else that is read here matters
    name = certificate.spec.secret_name
    return Seen(
        certificate=certificate,
        rivals=snapshot.indexed(BY_SECRET, f"{key.namespace}/{name}"),
        secret=snapshot.get(Secret, Key(key.namespace, name)),
        owned=snapshot.owned(CertificateRequest, certificate.metadata.uid),
        memory=snapshot.memory or Memory(),
        settings=settings,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    certificate = seen.certificate
    if certificate.issuing:
        return NOTHING
    if (waiting := _for_another(seen, now)) is not None:
        return waiting
    current = matching.of_revision(seen.owned, certificate.revision)
    next_ = matching.of_revision(seen.owned, certificate.revision + 1)
    if len(current) > 1 or len(next_) > 1:
        return NOTHING  # deleting the surplus requests wakes us
    if (ends := wait_end(seen, next_)) is not None and now < ends:
        return Decision(wake_at=ends)
    stored = checks.Stored(
        certificate=certificate,
        secret=seen.secret,
        current=current[0] if current and certificate.revision else None,
        limits=seen.settings.limits,
        use_renewal_information=seen.settings.use_renewal_information,
    )
    finding = checks.first_finding(checks.TRIGGER, stored, now)
    if finding is None:
        return Decision(_unlimited(certificate), wake_at=due_at(stored, now))
    if (free_at := limit_end(seen, now)) is not None:
        return Decision(_limited(seen, free_at, now), wake_at=free_at)
    return _begin(seen, finding, now)


def _for_another(seen: Seen, now: datetime) -> Decision | None:
    """The wait while the Secret belongs to another Certificate, and its end; None if this one may issue."""
    certificate, secret, before = seen.certificate, seen.secret, seen.memory.lost
    if not owns_secret(seen):
        found = ownership.lost(before, certificate, secret, now)
        return Decision(wake_at=found.until, background=True, memory=replace(seen.memory, lost=found))
    if before is not None and ownership.is_waiting(before, certificate, secret, now):
        return Decision(wake_at=before.until)
    return None


def owns_secret(seen: Seen) -> bool:
    annotations = seen.secret.metadata.annotations if seen.secret else None
    rivals = seen.rivals or (seen.certificate,)
    return ownership.owner_among(rivals, annotations) == seen.certificate.metadata.name


def wait_end(seen: Seen, next_: list[CertificateRequest]) -> datetime | None:
    """The end of the wait after failures; a change of the spec since the failed request lifts it."""
    ends = backoff.retry_at(seen.certificate.status, seen.settings)
    if ends is None or not next_:
        return ends
    try:
        return None if matching.differing_fields(next_[0], seen.certificate.spec) else ends
    except ValueError:
        return None


def due_at(stored: checks.Stored, now: datetime) -> datetime | None:
    """When the stored certificate must be renewed."""
    if stored.secret is None:
        return None
    if (start := checks.suggested_start(stored)) is not None and start > stored.x509.not_before:
        return start if start > now else None
    due = renewal.of_spec(stored.certificate.spec, stored.x509.not_before, stored.x509.not_after).at
    return due if due is not None and due > now else None


def limit_end(seen: Seen, now: datetime) -> datetime | None:
    """When the next issuance may start; None if it may start now.

    An issuer or another writer of the Secret can cause endless issuances; this limit stops them.
    """
    made = [timestamps.parse(one.metadata.creation_timestamp) for one in seen.owned if one.metadata.creation_timestamp]
    begun = seen.memory.begun
    known = begun if len(begun) >= len(made) else made  # after a restart only what is stored is known
    recent = sorted(at for at in known if now < at + _HOUR)
    limit = seen.settings.issuances_per_hour
    return recent[-limit] + _HOUR if len(recent) >= limit else None


def _begin(seen: Seen, finding: checks.Finding, now: datetime) -> Decision:
    certificate = seen.certificate
    window_error = finding.reason == checks.WINDOW_ERROR
    reason = checks.RENEWING if window_error else finding.reason
    kept = [one for one in certificate.status.conditions if one.type != LIMITED]
    conditions = with_condition(
        kept, "Issuing", "True", reason, finding.message, now, generation=certificate.metadata.generation
    )
    events = [Event(about=certificate.raw, reason="Issuing", message=finding.message)]
    if window_error:
        warning = Event(about=certificate.raw, reason=finding.reason, message=finding.message, type="Warning")
        events.insert(0, warning)
    writes = status.write(certificate, conditions=conditions)
    begun = (*(at for at in seen.memory.begun if now < at + _HOUR), now)
    return Decision((*writes, *events), memory=Memory(begun=begun))


def _limited(seen: Seen, free_at: datetime, now: datetime) -> tuple[Write | Event, ...]:
    certificate = seen.certificate
    message = (
        f"{seen.settings.issuances_per_hour} certificates were issued within an hour, and the Secret is not as it "
        f"should be again; the next one is issued at {timestamps.seconds(free_at)}. Something else may write to it."
    )
    conditions = with_condition(
        certificate.status.conditions,
        LIMITED,
        "True",
        "TooManyIssuances",
        message,
        now,
        generation=certificate.metadata.generation,
    )
    writes = status.write(certificate, conditions=conditions)
    warning = Event(about=certificate.raw, reason="TooManyIssuances", message=message, type="Warning")
    return (*writes, warning) if writes else ()


def _unlimited(certificate: Certificate) -> tuple[Write, ...]:
    if certificate.condition(LIMITED) is None:
        return ()
    conditions = without_condition(certificate.status.conditions, LIMITED)
    return status.write(certificate, conditions=conditions)


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Certificate,
        look=partial(look, settings=settings),
        decide=decide,
        manager=REPORTER,
        reporter=REPORTER,
    )
