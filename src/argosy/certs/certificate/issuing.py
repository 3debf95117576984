"""Finishes an issuance: stores the issued certificate, or reports its failure; and keeps the Secret up to date.

Owns the target Secret, and of the Certificate's status `revision`, `lastFailureTime`, `failedIssuanceAttempts` and the
change of `Issuing` away from True. An issued certificate is verified before it is stored: it can be decoded, matches
the request's key and has not expired; else the issuance has failed, so that the next one waits. Source:
spec/cert-manager.md sections 3.5, 3.12 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from argosy.apis.certmanager import Certificate, CertificateRequest, Condition, IssuerRef
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs import names
from argosy.certs.base64_text import decoded
from argosy.certs.certificate import checks, keystores, matching, next_request, status, target_secret
from argosy.certs.certificate.target_secret import Issued
from argosy.certs.conditions import with_condition, without_condition
from argosy.certs.pki import certificates, keys
from argosy.certs.ports import SignTemporary, Unfit
from argosy.certs.settings import Settings
from argosy.machinery import requests, timestamps
from argosy.machinery.controller import NOTHING, PENDING, Controller, Decision, Event, Failed, Hidden, Pending, Snapshot
from argosy.machinery.objects import JsonObject, Key

NAME: Final = "certificates-issuing"
REPORTER: Final = target_secret.FIELD_MANAGER


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    certificate: Certificate
    secret: Secret | None
    next_key: Secret | None
    """The Secret of the next private key, if it is valid; also None while nothing is being issued."""
    request: CertificateRequest | None
    """The one request of the next revision, if it is valid."""
    passwords: dict[tuple[str, str], Hidden]
    missing: tuple[str, ...]
    """Describes what is missing of the keystores' passwords."""
    temporary: bytes | Unfit | Failed | Pending | None
    memory: Any
    settings: Settings


def look(snapshot: Snapshot, key: Key, *, settings: Settings) -> Seen | None:
    certificate = snapshot.get(Certificate, key)
    if certificate is None or certificate.metadata.deletion_timestamp:
        return None
    secret = snapshot.get(Secret, Key(key.namespace, certificate.spec.secret_name))
    found = next_request.next_key_of(snapshot, certificate, settings) if certificate.issuing else None
    request = fit_request(snapshot, certificate, found[1]) if found else None
    passwords, missing = _passwords(snapshot, certificate)
    seen = Seen(
        certificate=certificate,
        secret=secret,
        next_key=found[0] if found else None,
        request=request,
        passwords=passwords,
        missing=missing,
        temporary=None,
        memory=snapshot.memory,
        settings=settings,
    )
    return _with_temporary(snapshot, seen)


def fit_request(snapshot: Snapshot, certificate: Certificate, facts: keys.KeyFacts) -> CertificateRequest | None:
    """None unless there is exactly one, and it will not be replaced."""
    owned = snapshot.owned(CertificateRequest, certificate.metadata.uid)
    found = matching.of_revision(owned, certificate.revision + 1)
    if len(found) != 1 or next_request.to_delete(found[0], certificate, facts):
        return None
    return found[0]


def _passwords(snapshot: Snapshot, certificate: Certificate) -> tuple[dict[tuple[str, str], Hidden], tuple[str, ...]]:
    found: dict[tuple[str, str], Hidden] = {}
    missing: list[str] = []
    for kind, ref in keystores.password_refs(certificate.spec.keystores):
        secret = snapshot.get(Secret, Key(certificate.metadata.namespace, ref.name))
        value = secret.value(ref.key) if secret else None
        if secret is None:
            missing.append(f'{kind} keystore password Secret "{ref.name}" not found')
        elif not value:
            missing.append(f'{kind} keystore password Secret "{ref.name}" holds nothing under "{ref.key}"')
        else:
            found[ref.name, ref.key] = Hidden(value)
    return found, tuple(missing)


def _with_temporary(snapshot: Snapshot, seen: Seen) -> Seen:
    """Asks for a temporary certificate if one is wanted and nothing usable is stored."""
    certificate, request = seen.certificate, seen.request
    wanted = certificate.metadata.annotations.get(names.TEMPORARY) == "true"
    if not wanted or request is None or seen.next_key is None or not is_undecided(request):
        return seen
    stored = checks.Stored(certificate=certificate, secret=seen.secret, current=None, limits=seen.settings.limits)
    if checks.first_finding(checks.TEMPORARY, stored, _ANY_TIME) is None:
        return seen
    question = SignTemporary(
        certificate.metadata.uid,
        certificate.revision + 1,
        names.go_json(certificate.raw.get("spec") or {}),
        Hidden(seen.next_key.value("tls.key") or b""),
    )
    return Seen(**{**_fields(seen), "temporary": snapshot.ask(question)})


_ANY_TIME: Final = timestamps.parse("2000-01-01T00:00:00Z")
"""The three checks for a temporary certificate do not depend on the time."""


def _fields(seen: Seen) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in Seen.__dataclass_fields__}


def is_undecided(request: CertificateRequest) -> bool:
    """Whether the issuer has started on it and has neither issued nor refused."""
    if request.is_true("Denied") or request.is_true("InvalidRequest"):
        return False
    return request.condition("Ready") is not None and request.ready_reason not in ("Failed", "Issued")


def decide(seen: Seen, now: datetime) -> Decision:
    if not seen.certificate.issuing:
        return _kept_right(seen)
    request = seen.request
    if request is None:
        return NOTHING
    for type_ in ("Denied", "InvalidRequest"):
        if request.is_true(type_):
            return _failed(seen, request.condition(type_), now)
    ready = request.condition("Ready")
    if ready is None:
        return NOTHING
    if ready.reason == "Failed":
        return _failed(seen, ready, now)
    if ready.reason == "Issued":
        return _issued(seen, request, now)
    return _temporary(seen)


def _issued(seen: Seen, request: CertificateRequest, now: datetime) -> Decision:
    chain = decoded(request.status.certificate)
    if fault := fault_of(chain, request, now, seen.settings):
        return _fail(seen, "InvalidCertificate", fault, now)
    if seen.missing:
        return _report_once(seen)
    assert seen.next_key is not None
    wanted = _secret(seen, seen.next_key.value("tls.key") or b"", chain, decoded(request.status.ca), request)
    if isinstance(wanted, str):
        return _fail(seen, "InvalidCertificate", wanted, now)
    certificate = seen.certificate
    done = status.write(
        certificate,
        conditions=without_condition(certificate.status.conditions, "Issuing"),
        revision=certificate.revision + 1,
        failedIssuanceAttempts=None,
        lastFailureTime=None,
    )
    message = "The certificate has been successfully issued"
    event = Event(about=certificate.raw, reason="Issuing", message=message)
    return Decision((_apply(wanted), *done, event), memory=None)


def fault_of(chain: bytes, request: CertificateRequest, now: datetime, settings: Settings) -> str:
    """What is wrong with the issued certificate; empty if nothing is."""
    try:
        found = certificates.first_of(chain, settings.limits.chain)
    except certificates.CertificateError as error:
        return f"Issuer returned an invalid certificate: failed to decode: {error}"
    if found.public != matching.public_of(request):
        return (
            "Issuer returned a certificate with a public key that does not match the CSR. "
            "This usually indicates a misconfigured issuer."
        )
    if now > found.not_after:
        return (
            f"Issuer returned an already expired certificate (notAfter: {timestamps.seconds(found.not_after)}). "
            "This usually indicates an expired CA certificate in the issuer."
        )
    return ""


def _failed(seen: Seen, condition: Condition | None, now: datetime) -> Decision:
    assert condition is not None
    return _fail(seen, condition.reason, condition.message, now)


def _fail(seen: Seen, reason: str, message: str, now: datetime) -> Decision:
    certificate = seen.certificate
    message = f"The certificate request has failed to complete and will be retried: {message}"
    conditions = with_condition(
        certificate.status.conditions,
        "Issuing",
        "False",
        reason,
        message,
        now,
        generation=certificate.metadata.generation,
    )
    writes = status.write(
        certificate,
        conditions=conditions,
        lastFailureTime=timestamps.seconds(now),
        failedIssuanceAttempts=(certificate.status.failed_issuance_attempts or 0) + 1,
    )
    return Decision((*writes, Event(about=certificate.raw, reason=reason, message=message, type="Warning")))


def _temporary(seen: Seen) -> Decision:
    made = seen.temporary
    if made is None or made is PENDING or isinstance(made, Unfit | Failed) or seen.missing:
        return NOTHING
    assert isinstance(made, bytes) and seen.next_key is not None
    wanted = _secret(seen, seen.next_key.value("tls.key") or b"", made, b"", None)
    if isinstance(wanted, str):
        return NOTHING
    event = Event(about=seen.certificate.raw, reason="Issuing", message="Issued temporary certificate")
    return Decision((_apply(wanted), event))


def _secret(seen: Seen, key: bytes, chain: bytes, ca: bytes, request: CertificateRequest | None) -> JsonObject | str:
    """The Secret to apply, or the reason why none can be built."""
    try:
        encoded_key = keys.encode(keys.load(key, checked=False), seen.certificate.spec.private_key.encoding)
        return _composed(seen, encoded_key, chain, ca, request.spec.issuer_ref if request else None)
    except ValueError as error:
        return str(error)


def _composed(seen: Seen, key: bytes, chain: bytes, ca: bytes, issuer: IssuerRef | None) -> JsonObject:
    stores = keystores.encode(seen.certificate.spec.keystores, seen.passwords, key=key, certificate=chain, ca=ca)
    issued = Issued(key=key, certificate=chain, ca=ca, issuer=issuer, keystores=stores)
    return target_secret.secret_of(
        seen.certificate,
        issued,
        type_=seen.secret.type if seen.secret else "",
        owner_ref=seen.settings.certificate_owner_ref,
    )


def _apply(secret: JsonObject) -> requests.Write:
    return requests.apply(Secret, secret, manager=target_secret.FIELD_MANAGER)


def _kept_right(seen: Seen) -> Decision:
    """After an issuance: applies again what depends on the spec alone, with the same key and certificate."""
    secret, certificate = seen.secret, seen.certificate
    if secret is None or (not certificate.revision and not _is_ours(secret, certificate)):
        return NOTHING
    stored = checks.Stored(certificate=certificate, secret=secret, current=None, limits=seen.settings.limits)
    if checks.first_finding(checks.STORED_AT_ALL, stored, _ANY_TIME) or not _is_ours(secret, certificate):
        return NOTHING
    if seen.missing:
        return _report_once(seen)
    annotations = secret.metadata.annotations
    issuer = IssuerRef(
        name=annotations.get(names.ISSUER_NAME, ""),
        kind=annotations.get(names.ISSUER_KIND, ""),
        group=annotations.get(names.ISSUER_GROUP, ""),
    )
    known = any(name in annotations for name in (names.ISSUER_NAME, names.ISSUER_KIND, names.ISSUER_GROUP))
    parts = (secret.value("tls.key") or b"", secret.value("tls.crt") or b"", secret.value("ca.crt") or b"")
    try:
        wanted = _composed(seen, *parts, issuer if known else None)
    except ValueError:
        return NOTHING  # the trigger finds out what is wrong with it
    return Decision((_apply(wanted),)) if target_secret.differs(secret, wanted) else NOTHING


def _is_ours(secret: Secret, certificate: Certificate) -> bool:
    return secret.metadata.annotations.get(names.CERTIFICATE_NAME) in (None, certificate.metadata.name)


def _report_once(seen: Seen) -> Decision:
    message = seen.missing[0]
    if seen.memory == message:
        return NOTHING
    event = Event(about=seen.certificate.raw, reason="KeystorePasswordSecretNotFound", message=message, type="Warning")
    return Decision((event,), memory=message)


def controller(settings: Settings) -> Controller[Seen]:
    return Controller(
        name=NAME,
        kind=Certificate,
        look=partial(look, settings=settings),
        decide=decide,
        owns=(Secret,),
        manager=REPORTER,
        reporter=REPORTER,
    )
