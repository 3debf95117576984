"""Public keys as JSON (RFC 7517), and their thumbprints (RFC 7638), which ACME challenge answers contain."""

from __future__ import annotations

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from argosy.certs.base64_text import url_encoded
from argosy.certs.pki import keys


class UnfitKey(ValueError):
    """The account key is of a kind that ACME servers do not accept."""


def jwk(key: keys.Key) -> dict[str, str]:
    """The public key, with its members in the order that a thumbprint needs."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"e": url_encoded(_number(numbers.e)), "kty": "RSA", "n": url_encoded(_number(numbers.n))}
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size == 256:
        point = key.public_key().public_numbers()
        x, y = (url_encoded(one.to_bytes(32, "big")) for one in (point.x, point.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    raise UnfitKey("an account key is RSA, or ECDSA of 256 bits")


def thumbprint(key: keys.Key) -> str:
    return url_encoded(hashlib.sha256(json.dumps(jwk(key), separators=(",", ":")).encode()).digest())


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
