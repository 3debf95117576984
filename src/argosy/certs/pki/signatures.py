"""Signatures over DER: which algorithm a key signs with, and its identifier.

Source: spec/cert-manager.md section 5.1: larger keys use longer hashes, unless `signatureAlgorithm` is set.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from argosy.certs.pki import der
from argosy.certs.pki.keys import Key


class Algorithm(NamedTuple):
    """A signature algorithm; `hash` is None for Ed25519."""

    name: str
    oid: str
    hash: type[hashes.HashAlgorithm] | None

    @property
    def identifier(self) -> bytes:
        """The AlgorithmIdentifier: RSA carries a NULL, the others nothing."""
        tail = der.NULL if "RSA" in self.name else b""
        return der.sequence(der.oid(self.oid), tail)


ALGORITHMS: Final = {
    one.name: one
    for one in (
        Algorithm("SHA256WithRSA", "1.2.840.113549.1.1.11", hashes.SHA256),
        Algorithm("SHA384WithRSA", "1.2.840.113549.1.1.12", hashes.SHA384),
        Algorithm("SHA512WithRSA", "1.2.840.113549.1.1.13", hashes.SHA512),
        Algorithm("ECDSAWithSHA256", "1.2.840.10045.4.3.2", hashes.SHA256),
        Algorithm("ECDSAWithSHA384", "1.2.840.10045.4.3.3", hashes.SHA384),
        Algorithm("ECDSAWithSHA512", "1.2.840.10045.4.3.4", hashes.SHA512),
        Algorithm("PureEd25519", "1.3.101.112", None),
    )
}

ALLOWED: Final = {
    "RSA": ("SHA256WithRSA", "SHA384WithRSA", "SHA512WithRSA"),
    "ECDSA": ("ECDSAWithSHA256", "ECDSAWithSHA384", "ECDSAWithSHA512"),
    "Ed25519": ("PureEd25519",),
}
"""The algorithms of each kind of key."""


def by_key(key: Key) -> Algorithm:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return ALGORITHMS["PureEd25519"]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ALGORITHMS[{256: "ECDSAWithSHA256", 384: "ECDSAWithSHA384"}.get(key.key_size, "ECDSAWithSHA512")]
    bits = key.key_size
    return ALGORITHMS["SHA512WithRSA" if bits >= 4096 else "SHA384WithRSA" if bits >= 3072 else "SHA256WithRSA"]


def signed(content: bytes, key: Key, algorithm: Algorithm) -> bytes:
    """The sequence of content, algorithm and signature, as in requests and certificates."""
    return der.sequence(content, algorithm.identifier, der.bits(_sign(content, key, algorithm)))


def _sign(content: bytes, key: Key, algorithm: Algorithm) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    assert algorithm.hash is not None
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), algorithm.hash())
    return key.sign(content, ec.ECDSA(algorithm.hash(), deterministic_signing=True))
