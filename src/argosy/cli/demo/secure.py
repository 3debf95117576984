"""The demonstration's Secrets and certificates: a sealed password, a CA, and a certificate signed by it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

from argosy.cli.failing import CommandError
from argosy.cli.rooms.sealing_service import sealing_service
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.text.yaml import dump
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

NAME: Final = "secure"
"""The name of the Application, its namespace and its directory."""
KEY_SECONDS: Final = 60.0
_SECRETS: Final = Resource("", "v1", "secrets", "Secret")
_ISSUERS: Final = """\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: self}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: authority}
spec: {ca: {secretName: authority}}
"""
_CERTIFICATES: Final = """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: authority}
spec:
  secretName: authority
  isCA: true
  commonName: demonstration authority
  privateKey: {algorithm: ECDSA}
  issuerRef: {name: self}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: shop}
spec:
  secretName: shop-tls
  dnsNames: [shop.example]
  privateKey: {algorithm: ECDSA}
  issuerRef: {name: authority}
"""


async def files(client: Client, clock: Clock) -> Mapping[str, str]:
    """Maps paths to contents. Waits for the sealing key. Raises CommandError if it does not appear in time."""
    from argosy.apis.kubernetes.views.core import Secret
    from argosy.apis.schema import read
    from argosy.sealing.keyring import key_ring
    from argosy.sealing.scope import KEY_LABEL
    from argosy.sealing.seal import Sealer

    namespace, until = sealing_service()[0], clock.monotonic() + KEY_SECONDS
    while True:
        held = (
            await client.page(requests.List(resource=_SECRETS, namespace=namespace, label_selector=KEY_LABEL))
        ).items
        if (newest := key_ring([read(Secret, obj) for obj in held]).newest) is not None:
            break
        if clock.monotonic() >= until:
            raise CommandError(f"no sealing key within {KEY_SECONDS:g} s")
        await clock.sleep(0.1)
    password = {"password": secrets.token_urlsafe(12)}
    plain: JsonObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "database", "namespace": NAME},
        "stringData": password,
    }
    sealed = Sealer(newest.key.public, secrets.token_bytes).sealed(plain)
    return {
        f"{NAME}/issuers.yaml": _ISSUERS,
        f"{NAME}/certificates.yaml": _CERTIFICATES,
        f"{NAME}/database.yaml": dump(sealed),
    }
