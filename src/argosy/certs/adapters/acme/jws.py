"""Signed messages as ACME requires them (RFC 7515, RFC 8555 section 6.2)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from argosy.certs.base64_text import url_encoded
from argosy.certs.pki import keys
from argosy.certs.pki.jwk import jwk


def signed(key: keys.Key, protected: Mapping[str, Any], payload: Mapping[str, Any] | None) -> bytes:
    """A flattened JSON message; `payload` None is POST-as-GET. The key determines the algorithm."""
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    head = url_encoded(_json({"alg": algorithm, **protected}))
    body = "" if payload is None else url_encoded(_json(payload))
    return _json(
        {"protected": head, "payload": body, "signature": url_encoded(_signature(key, f"{head}.{body}".encode()))}
    )


def bound(key: keys.Key, key_id: str, mac: bytes, url: str) -> dict[str, str]:
    """An external account binding: the account's key, authenticated with the operator's (RFC 8555 section 7.3.4)."""
    head = url_encoded(_json({"alg": "HS256", "kid": key_id, "url": url}))
    body = url_encoded(_json(jwk(key)))
    return {
        "protected": head,
        "payload": body,
        "signature": url_encoded(hmac.digest(mac, f"{head}.{body}".encode(), "sha256")),
    }


def _signature(key: keys.Key, content: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
