"""The account of an ACME issuer, as its Orders and Challenges use it."""

from __future__ import annotations

import base64
import hashlib

from argosy.apis.certmanager.acme import AcmeIssuer
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.acme.ports import Login, Server
from argosy.certs.issuer_lookup import secrets_namespace
from argosy.certs.pki import keys
from argosy.certs.settings import Settings
from argosy.machinery.controller import Hidden, Snapshot
from argosy.machinery.objects import Key


def server_of(spec: AcmeIssuer) -> Server:
    return Server(spec.server, bundle_of(spec.ca_bundle), spec.skip_tls_verify)


def bundle_of(text: str) -> str:
    """PEM of a caBundle field, which is base64; empty if it is not valid base64."""
    try:
        return base64.b64decode(text, validate=True).decode("ascii") if text else ""
    except ValueError:
        return ""


def key_place(issuer: AnyIssuer, settings: Settings) -> tuple[Key, str]:
    """The Secret of the account's key, and the key within it."""
    assert issuer.spec.acme is not None
    ref = issuer.spec.acme.private_key_secret_ref
    return Key(secrets_namespace(issuer, settings), ref.name), ref.key or "tls.key"


def hash_of(key: keys.Key) -> str:
    """Hash of an RSA key in DER (PKCS #1), as the status stores it."""
    text = keys.encode(key, "PKCS1").decode()
    block = "".join(line for line in text.splitlines() if not line.startswith("-----"))
    return base64.b64encode(hashlib.sha256(base64.b64decode(block)).digest()).decode()


def login_of(snapshot: Snapshot, issuer: AnyIssuer | None, settings: Settings) -> Login | None:
    """None if the issuer is not ACME, is not ready, or has a different key now; its own status reports that."""
    if issuer is None or issuer.spec.acme is None or not issuer.ready or issuer.status.acme is None:
        return None
    place, name = key_place(issuer, settings)
    secret = snapshot.get(Secret, place)
    key = secret.value(name) if secret else None
    if not key or not issuer.status.acme.uri:
        return None
    try:
        if hash_of(keys.load(key, settings.limits.key, checked=False)) != issuer.status.acme.last_private_key_hash:
            return None
    except ValueError:
        return None
    return Login(server_of(issuer.spec.acme), Hidden(key), issuer.status.acme.uri)
