"""The chains of checks on the stored certificate: the first violation decides, so order is behaviour.

Source: spec/cert-manager.md section 3.10. The trigger issues again on any violation of its chain; readiness reports
the first violation of its own; a temporary certificate is issued if the first three checks find one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.certmanager.shared import GROUP
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.certificate import matching, renewal
from argosy.certs.names import CERTIFICATE_NAME, ISSUER_GROUP, ISSUER_KIND, ISSUER_NAME
from argosy.certs.pki import certificates, keys
from argosy.certs.pki.pem import DEFAULT_LIMITS, PemLimits
from argosy.certs.pki.requests import RequestError
from argosy.machinery import timestamps

DOES_NOT_EXIST: Final = "DoesNotExist"
WINDOW_ERROR: Final = "WindowError"
RENEWING: Final = "Renewing"


class Finding(NamedTuple):
    """A violation, as it is shown in conditions and events."""

    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The Secret of a Certificate, and the request of its current revision; parsed once for all checks."""

    certificate: Certificate
    secret: Secret | None
    current: CertificateRequest | None
    limits: PemLimits = DEFAULT_LIMITS
    use_renewal_information: bool = False

    @cached_property
    def key_facts(self) -> keys.KeyFacts:
        """Raises KeyError_."""
        return keys.facts_of(self._value("tls.key"), self.limits.key)

    @cached_property
    def x509(self) -> certificates.X509:
        """Raises CertificateError."""
        return certificates.first_of(self._value("tls.crt"), self.limits.chain)

    def _value(self, key: str) -> bytes:
        return (self.secret.value(key) if self.secret else None) or b""


Check = Callable[[Stored, datetime], Finding | None]


def first_finding(chain: Iterable[Check], stored: Stored, now: datetime) -> Finding | None:
    for check in chain:
        if finding := check(stored, now):
            return finding
    return None


def secret_is_absent(stored: Stored, now: datetime) -> Finding | None:
    return None if stored.secret else Finding(DOES_NOT_EXIST, "Issuing certificate as Secret does not exist")


def secret_lacks_data(stored: Stored, now: datetime) -> Finding | None:
    assert stored.secret is not None
    if not stored.secret.data:
        return Finding("MissingData", "Issuing certificate as Secret does not contain any data")
    if not stored.secret.value("tls.key"):
        return Finding("MissingData", "Issuing certificate as Secret does not contain a private key")
    if not stored.secret.value("tls.crt"):
        return Finding("MissingData", "Issuing certificate as Secret does not contain a certificate")
    return None


def keys_differ(stored: Stored, now: datetime) -> Finding | None:
    try:
        facts = stored.key_facts
    except keys.KeyError_ as error:
        return Finding("InvalidKeyPair", f"Issuing certificate as Secret contains invalid private key data: {error}")
    try:
        found = stored.x509
    except certificates.CertificateError as error:
        return Finding("InvalidCertificate", f"Issuing certificate as Secret contains an invalid certificate: {error}")
    if found.public == facts.public:
        return None
    message = "Issuing certificate as Secret contains a private key that does not match the certificate"
    return Finding("InvalidKeyPair", message)


def issuer_is_another(stored: Stored, now: datetime) -> Finding | None:
    assert stored.secret is not None
    annotations = stored.secret.metadata.annotations
    ref = stored.certificate.spec.issuer_ref
    name, kind, group = annotations.get(ISSUER_NAME), annotations.get(ISSUER_KIND), annotations.get(ISSUER_GROUP)
    same_name = (name is None and kind is None and group is None) or name == ref.name
    if same_name and (kind or "Issuer", group or GROUP) == (ref.full_kind, ref.full_group):
        return None
    spelled = f"{kind or 'Issuer'}.{group or GROUP}/{name or ''}"
    return Finding("IncorrectIssuer", f'Issuing certificate as Secret was previously issued by "{spelled}"')


def secret_is_of_another(stored: Stored, now: datetime) -> Finding | None:
    assert stored.secret is not None
    name = stored.secret.metadata.annotations.get(CERTIFICATE_NAME)
    if name is None or name == stored.certificate.metadata.name:
        return None
    message = (
        f'Secret was issued for "{name}". If this message is not transient, '
        "you might have two conflicting Certificates pointing to the same secret."
    )
    return Finding("IncorrectCertificate", message)


def key_is_off_spec(stored: Stored, now: datetime) -> Finding | None:
    found = keys.mismatches(stored.key_facts, stored.certificate.spec.private_key)
    if not found:
        return None
    return Finding("SecretMismatch", f"Existing private key is not up to date for spec: {listed(found)}")


def key_is_not_of_the_request(stored: Stored, now: datetime) -> Finding | None:
    if stored.current is None:
        return None
    try:
        public = matching.public_of(stored.current)
    except RequestError as error:
        return Finding("InvalidCertificateRequest", f"Failed to decode current CertificateRequest: {error}")
    if public == stored.key_facts.public:
        return None
    message = "Secret contains a private key that does not match the current CertificateRequest"
    return Finding("SecretMismatch", message)


def request_is_off_spec(stored: Stored, now: datetime) -> Finding | None:
    spec = stored.certificate.spec
    if stored.current is None:
        loosely = matching.loosely_differing_fields(stored.x509, spec)
        message = f"Issuing certificate as Existing issued Secret is not up to date for spec: {listed(loosely)}"
        return Finding("SecretMismatch", message) if loosely else None
    try:
        found = matching.differing_fields(stored.current, spec)
    except ValueError:
        return None  # the stored certificate may still be good
    if not found:
        return None
    message = f"Fields on existing CertificateRequest resource not up to date: {listed(found)}"
    return Finding("RequestChanged", message)


def renewal_is_due(stored: Stored, now: datetime) -> Finding | None:
    spec, found = stored.certificate.spec, stored.x509
    if spec.renewal is not None and spec.renewal.policy == "Disabled":
        return None
    scheduled = stored.certificate.status.renewal_time
    spelled = _go_time(timestamps.parse(scheduled)) if scheduled else "nil"
    renewing = Finding(RENEWING, f"Renewing certificate as renewal was scheduled at {spelled}")
    if (start := suggested_start(stored)) is not None and start > found.not_before:
        return renewing if now >= start else None
    due = renewal.of_spec(spec, found.not_before, found.not_after)
    if due.at is None or now < due.at:
        return None
    return Finding(WINDOW_ERROR, due.error) if due.error else renewing


def suggested_start(stored: Stored) -> datetime | None:
    """The start of the renewal window that an ACME server suggests."""
    acme = stored.certificate.status.acme
    window = acme.ari.suggested_window if stored.use_renewal_information and acme and acme.ari else None
    return timestamps.parse(window.start) if window and window.start else None


def has_expired(stored: Stored, now: datetime) -> Finding | None:
    ends = stored.x509.not_after
    if now <= ends:
        return None
    return Finding("Expired", f"Certificate expired on {ends:%a, %d %b %Y %H:%M:%S} UTC")


def listed(fields: Iterable[str]) -> str:
    """Formats a list as Go prints it."""
    return f"[{' '.join(fields)}]"


def _go_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} +0000 UTC"


STORED_AT_ALL: Final[tuple[Check, ...]] = (secret_is_absent, secret_lacks_data, keys_differ)
AS_ASKED: Final[tuple[Check, ...]] = (
    *STORED_AT_ALL,
    issuer_is_another,
    secret_is_of_another,
    key_is_off_spec,
    key_is_not_of_the_request,
    request_is_off_spec,
)
TRIGGER: Final[tuple[Check, ...]] = (*AS_ASKED, renewal_is_due)
READINESS: Final[tuple[Check, ...]] = (*AS_ASKED, has_expired)
TEMPORARY: Final = STORED_AT_ALL
