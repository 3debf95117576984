"""The keys that seal and open SealedSecrets, by their public halves: so that a page seals without showing a value.

The private halves, which lie in the same Secrets, are not looked at. Public certificates are public (upstream serves
`/v1/cert.pem` to everybody); one must be signed in.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse, seconds
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.calls import sign_in
from argosy.server.context import ServerContext


class SealingKeyShown(TypedDict):
    """`publicKey` is base64 of the SubjectPublicKeyInfo, `certificate` PEM; `seals`: new values are sealed for it."""

    name: str
    fingerprint: str
    createdAt: str
    notBefore: str
    notAfter: str
    certificate: str
    publicKey: str
    bits: int
    seals: bool


class SealingKeys(TypedDict):
    """Newest first. `unreadable`: names of key Secrets without a readable certificate."""

    keys: list[SealingKeyShown]
    unreadable: list[str]


def public_key_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def keys(request: ApiRequest) -> SealingKeys:
        from argosy.sealing.settings import settings_of
        from argosy.server.api.sealing.key_secrets import key_secrets

        settings = settings_of(context.environ)
        held = await key_secrets(context.client, settings)
        shown = shown_keys(held, order=settings.order)
        readable = {one["name"] for one in shown}
        return {
            "keys": shown,
            "unreadable": [name for obj in held if (name := obj["metadata"]["name"]) not in readable],
        }

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


def shown_keys(secrets: Iterable[JsonObject], *, order: str = "") -> list[SealingKeyShown]:
    """Pure. A Secret without a readable certificate of an RSA key is left out, as for opening.

    `order`: as the controller's setting says which key is the newest.
    """
    from argosy.sealing.keyring import BY_CREATION

    def ordered_at(one: tuple[x509.Certificate, JsonObject]) -> datetime:
        created = str(one[1]["metadata"].get("creationTimestamp") or "")
        return parse(created) if created and order == BY_CREATION else one[0].not_valid_before_utc

    ordered = sorted(secrets, key=lambda obj: (str(obj["metadata"].get("creationTimestamp")), obj["metadata"]["name"]))
    read = [(certificate, secret) for secret in ordered if (certificate := _certificate(secret)) is not None]
    read.sort(key=ordered_at, reverse=True)
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
        "notBefore": seconds(certificate.not_valid_before_utc),
        "notAfter": seconds(certificate.not_valid_after_utc),
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
        "publicKey": base64.b64encode(der).decode(),
        "bits": public.key_size,
        "seals": seals,
    }
