"""A CA issuer is ready if its Secret holds a CA's key and certificate that has not expired.

Warns before the CA expires, since certificates that it signs expire with it. Source: spec/cert-manager.md section 7.4.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.issuer_lookup import secrets_namespace
from argosy.certs.issuers.verdict import IssuerKind, Verdict
from argosy.certs.pki import certificates, keys
from argosy.certs.settings import Settings
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.timestamps import seconds

_PREFIX: Final = "Error getting keypair for CA issuer: "


def look(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Secret | None:
    assert issuer.spec.ca is not None
    return snapshot.get(Secret, Key(secrets_namespace(issuer, settings), issuer.spec.ca.secret_name))


def decide(issuer: AnyIssuer, secret: Secret | None, settings: Settings, now: datetime) -> Verdict:
    assert issuer.spec.ca is not None
    if secret is None:
        return _unreadable(f'secrets "{issuer.spec.ca.secret_name}" not found')
    try:
        found = certificates.first_of(secret.value("tls.crt") or b"", settings.limits.chain)
        keys.facts_of(secret.value("tls.key") or b"", settings.limits.key)
    except ValueError as error:
        return _unreadable(str(error))
    if not found.is_ca:
        return Verdict(ready=False, reason="ErrInvalidKeyPair", message=f"{_PREFIX}certificate is not a CA")
    if now > found.not_after:
        message = f"{_PREFIX}the CA's certificate ended at {seconds(found.not_after)}; put a new one into its Secret"
        return Verdict(ready=False, reason="CAExpired", message=message)
    return _verified(found, settings, now)


def _unreadable(error: str) -> Verdict:
    return Verdict(ready=False, reason="ErrGetKeyPair", message=_PREFIX + error, error=error)


def _verified(found: certificates.X509, settings: Settings, now: datetime) -> Verdict:
    warned_from = found.not_after - min(settings.ca_warning, (found.not_after - found.not_before) / 6)
    expiring = ""
    if now >= warned_from:
        expiring = f"the CA's certificate ends at {seconds(found.not_after)}, and so does what it signs"
    wake_at = found.not_after + timedelta(seconds=1) if expiring else warned_from
    return Verdict(
        ready=True, reason="KeyPairVerified", message="Signing CA verified", expiring=expiring, wake_at=wake_at
    )


KIND: Final = IssuerKind(name="ca", look=look, decide=decide)
