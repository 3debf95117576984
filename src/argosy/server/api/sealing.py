"""The keys that seal and open SealedSecrets, by their public halves: so that a page seals without showing a value.

The private halves, which lie in the same Secrets, are not looked at. Public certificates are public (upstream serves
`/v1/cert.pem` to everybody); one must be signed in.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final, TypedDict

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.timestamps import seconds
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.calls import sign_in
from argosy.server.context import ServerContext

SECRETS: Final = Resource("", "v1", "secrets", "Secret")


class SealingKeyShown(TypedDict):
    """`publicKey` is base64 of the SubjectPublicKeyInfo, `certificate` PEM; `seals`: new values are sealed for it."""

    name: str
    fingerprint: str
    createdAt: str
    notAfter: str
    certificate: str
    publicKey: str
    seals: bool


class SealingKeys(TypedDict):
    """Newest first."""

    keys: list[SealingKeyShown]


def sealing_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def keys(request: ApiRequest) -> SealingKeys:
        from argosy.sealing.scope import ACTIVE, KEY_LABEL
        from argosy.sealing.settings import settings_of

        namespace = settings_of(context.environ).namespace
        found = await context.client.page(
            requests.List(resource=SECRETS, namespace=namespace, label_selector=f"{KEY_LABEL}={ACTIVE}")
        )
        return {"keys": shown_keys(found.items)}

    return (
        Endpoint(
            method="GET",
            path="/sealing/keys",
            summary="The public halves of the keys that seal and open SealedSecrets",
            needs=sign_in(),
            answers=SealingKeys,
            answer=keys,
        ),
    )


def shown_keys(secrets: Iterable[JsonObject]) -> list[SealingKeyShown]:
    """Pure. A Secret without a readable certificate of an RSA key is left out, as for opening."""
    read = [(certificate, secret) for secret in secrets if (certificate := _certificate(secret)) is not None]
    read.sort(key=lambda one: (one[0].not_valid_before_utc, one[1]["metadata"]["name"]), reverse=True)
    return [_shown(certificate, secret, seals=number == 0) for number, (certificate, secret) in enumerate(read)]


def _certificate(secret: JsonObject) -> x509.Certificate | None:
    try:
        pem = base64.b64decode((secret.get("data") or {}).get("tls.crt") or "")
        found = x509.load_pem_x509_certificate(pem)
        return found if isinstance(found.public_key(), RSAPublicKey) else None
    except ValueError:
        return None


def _shown(certificate: x509.Certificate, secret: JsonObject, *, seals: bool) -> SealingKeyShown:
    from argosy.sealing.keyring import fingerprint

    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "name": secret["metadata"]["name"],
        "fingerprint": fingerprint(public),
        "createdAt": str(secret["metadata"].get("creationTimestamp") or ""),
        "notAfter": seconds(certificate.not_valid_after_utc),
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
        "publicKey": base64.b64encode(der).decode(),
        "seals": seals,
    }
