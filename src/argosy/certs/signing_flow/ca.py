"""Signs requests with a CA's key. Source: spec/cert-manager.md section 7.4."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argosy.apis.certmanager import CertificateRequest
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import decoded
from argosy.certs.issuer_lookup import secrets_namespace
from argosy.certs.pki import certificates, keys
from argosy.certs.pki.signing import Pointers
from argosy.certs.ports import Signed, SignRequest, Unfit
from argosy.certs.settings import Settings
from argosy.certs.signing_flow import outcome
from argosy.certs.signing_flow.flow import IssuerType, Seen, duration_of
from argosy.machinery.controller import NOTHING, Decision, Failed, Hidden, Pending, Snapshot
from argosy.machinery.objects import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The CA's key or certificate is missing."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A CA's key, and its certificates in PEM."""

    key: Hidden
    certificates: bytes


def authority_for(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Missing | Authority:
    assert issuer.spec.ca is not None
    key = Key(secrets_namespace(issuer, settings), issuer.spec.ca.secret_name)
    secret = snapshot.get(Secret, key)
    if secret is None:
        message = f'Referenced secret {key} not found: secrets "{key.name}" not found'
        return Missing(reason="SecretMissing", message=message)
    try:
        found = authority_of(secret, settings)
    except ValueError as error:
        message = f"Failed to parse signing CA keypair from secret {key}: {error}"
        return Missing(reason="SecretInvalidData", message=message)
    return Authority(key=Hidden(secret.value("tls.key") or b""), certificates=found)


def look(
    snapshot: Snapshot, request: CertificateRequest, issuer: AnyIssuer, settings: Settings
) -> Missing | Signed | Unfit | Failed | Pending:
    assert issuer.spec.ca is not None
    authority = authority_for(snapshot, issuer, settings)
    if isinstance(authority, Missing):
        return authority
    spec = issuer.spec.ca
    question = SignRequest(
        owner=request.metadata.uid,
        request=decoded(request.spec.request),
        usages=request.spec.usages,
        is_ca=request.spec.is_ca,
        duration_seconds=duration_of(request).total_seconds(),
        key=authority.key,
        authority=authority.certificates,
        pointers=Pointers(
            crl=spec.crl_distribution_points, ocsp=spec.ocsp_servers, issuing=spec.issuing_certificate_urls
        ),
    )
    return snapshot.ask(question)


def authority_of(secret: Secret, settings: Settings) -> bytes:
    """The CA's chain, and the first certificate of its own ca.crt. Raises CertificateError, KeyError_."""
    chain = certificates.chain_of(secret.value("tls.crt") or b"", settings.limits.chain)
    keys.facts_of(secret.value("tls.key") or b"", settings.limits.key)
    above = secret.value("ca.crt")
    top = certificates.chain_of(above, settings.limits.bundle)[:1] if above else ()
    return b"".join(one.pem for one in (*chain, *top))


def decide(seen: Seen, now: datetime) -> Decision:
    found = seen.ready_for
    if isinstance(found, Missing):
        return outcome.pending(seen.request, found.reason, found.message, now)
    if isinstance(found, Unfit):
        return outcome.failed(seen.request, "SigningError", f"Error signing certificate: {found.reason}", now)
    if not isinstance(found, Signed):
        return NOTHING
    return outcome.issued(seen.request, found.certificate, found.ca, now)


TYPE: Final = IssuerType(name="ca", look=look, decide=decide)
