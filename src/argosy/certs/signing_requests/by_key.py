"""Signs CertificateSigningRequests with a key from a Secret: a CA's, or the request's own.

Source: spec/cert-manager.md sections 7.3, 7.4 and 11.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import decoded
from argosy.certs.issuer_lookup import secrets_namespace
from argosy.certs.pki import keys
from argosy.certs.pki import requests as csr
from argosy.certs.pki.signing import Pointers
from argosy.certs.ports import SignRequest
from argosy.certs.settings import Settings
from argosy.certs.signing_flow import ca
from argosy.certs.signing_requests.terms import KEY_HOLDER, Refused, is_ca
from argosy.machinery.controller import Hidden, Snapshot
from argosy.machinery.objects import Key


def by_ca(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    issuer: AnyIssuer,
    settings: Settings,
    life: timedelta,
) -> Any:
    assert issuer.spec.ca is not None
    found = ca.authority_for(snapshot, issuer, settings)
    if isinstance(found, ca.Missing):
        return Refused(reason=found.reason, message=found.message, lasting=False)
    spec = issuer.spec.ca
    pointers = Pointers(crl=spec.crl_distribution_points, ocsp=spec.ocsp_servers, issuing=spec.issuing_certificate_urls)
    return snapshot.ask(_question(request, life, found.key, found.certificates, pointers))


def by_own_key(
    snapshot: Snapshot,
    request: CertificateSigningRequest,
    issuer: AnyIssuer,
    settings: Settings,
    life: timedelta,
) -> Any:
    name = request.metadata.annotations.get(KEY_HOLDER)
    if not name:
        message = f'Missing private key reference annotation: "{KEY_HOLDER}"'
        return Refused(reason="MissingAnnotation", message=message)
    namespace = secrets_namespace(issuer, settings)
    secret = snapshot.get(Secret, Key(namespace, name))
    if secret is None:
        message = f"Referenced Secret {namespace}/{name} not found"
        return Refused(reason="SecretNotFound", message=message, lasting=False)
    text = secret.value("tls.key") or b""
    try:
        facts = keys.facts_of(text, settings.limits.key)
        asked = csr.read(decoded(request.spec.request))
    except keys.KeyError_ as error:
        message = f"Failed to parse signing key from secret {namespace}/{name}: {error}"
        return Refused(reason="ErrorParsingKey", message=message, lasting=False)
    except csr.RequestError as error:
        return Refused(reason="ErrorGenerating", message=f"Error generating certificate template: {error}")
    if facts.public != asked.public:
        message = "Referenced private key in Secret does not match that in the request"
        return Refused(reason="ErrorKeyMatch", message=message)
    points = issuer.spec.self_signed.crl_distribution_points if issuer.spec.self_signed else ()
    return snapshot.ask(_question(request, life, Hidden(text), b"", Pointers(crl=points)))


def _question(
    request: CertificateSigningRequest, life: timedelta, key: Hidden, authority: bytes, pointers: Pointers
) -> SignRequest:
    return SignRequest(
        owner=request.metadata.uid,
        request=decoded(request.spec.request),
        usages=request.spec.usages,
        is_ca=is_ca(request),
        duration_seconds=life.total_seconds(),
        key=key,
        authority=authority,
        pointers=pointers,
    )
