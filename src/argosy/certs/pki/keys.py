"""Private keys: kinds, PEM forms, and facts about a key that can be kept without the key.

Source: spec/cert-manager.md section 4. `facts_of` keeps no key: only its kind, size and public part are remembered.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from argosy.apis.certmanager.certificate import PrivateKey as KeySpec
from argosy.certs.pki import pem

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RSA: Final = "RSA"
ECDSA: Final = "ECDSA"
ED25519: Final = "Ed25519"
CURVES: Final[dict[int, ec.EllipticCurve]] = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}
_LABELS: Final = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")
_REMEMBERED: Final = 20_000
"""How many keys' facts are cached: two for each Certificate of a large cluster."""


class KeyError_(ValueError):  # noqa: N801 the plain name is a builtin
    """The data is not a private key that we can use; the message never quotes it."""


class KeyKind(NamedTuple):
    """An algorithm and a size in bits; 0 for Ed25519, which has one size."""

    algorithm: str
    size: int


class KeyFacts(NamedTuple):
    """What may be remembered of a private key: its kind, and its public part as DER (SubjectPublicKeyInfo)."""

    kind: KeyKind
    public: bytes


def wanted(spec: KeySpec) -> KeyKind:
    """The kind that a Certificate asks for, with defaults. Raises KeyError_ for an unknown algorithm."""
    algorithm = spec.algorithm or RSA
    if algorithm == ED25519:
        return KeyKind(ED25519, 0)
    if algorithm == ECDSA:
        return KeyKind(ECDSA, spec.size if spec.size > 0 else 256)
    if algorithm == RSA:
        return KeyKind(RSA, spec.size if spec.size > 0 else 2048)
    raise KeyError_(f"spec.privateKey.algorithm: {algorithm!r} is not RSA, ECDSA or Ed25519")


def mismatches(facts: KeyFacts, spec: KeySpec) -> list[str]:
    """The fields of the spec that a key does not match."""
    kind = wanted(spec)
    if facts.kind.algorithm != kind.algorithm:
        return ["spec.privateKey.algorithm"]
    return [] if facts.kind.size == kind.size else ["spec.privateKey.size"]


def generate(kind: KeyKind) -> Key:
    """Uses the operating system's randomness. RSA takes up to seconds: call it in a thread."""
    if kind.algorithm == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if kind.algorithm == ECDSA:
        if (curve := CURVES.get(kind.size)) is None:
            raise KeyError_(f"spec.privateKey.size: {kind.size} is not 256, 384 or 521, as ECDSA needs")
        return ec.generate_private_key(curve)
    if not 2048 <= kind.size <= 8192:
        raise KeyError_(f"spec.privateKey.size: {kind.size} is not within 2048 and 8192, as RSA needs")
    return rsa.generate_private_key(65537, kind.size)


def load(text: bytes, limit: int = pem.LARGEST_KEY, *, checked: bool = True) -> Key:
    """The first PEM block, which must be a key. `checked=False` skips the costly test of RSA primes."""
    block = next(pem.blocks(text, limit), None)
    if block is None:
        raise KeyError_("error decoding private key PEM block: no PEM data was found in given input")
    if block.label not in _LABELS:
        raise KeyError_(f"the PEM block is a {block.label!r}, not a private key")
    try:
        key = serialization.load_der_private_key(block.der, None, unsafe_skip_rsa_key_validation=not checked)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyError_("the private key is malformed or of an unknown kind") from None
    if not isinstance(key, Key):
        raise KeyError_("the private key is neither RSA, ECDSA nor Ed25519")
    return key


def encode(key: Key, encoding: str = "PKCS1") -> bytes:
    """PEM; Ed25519 is always PKCS8."""
    pkcs8 = encoding == "PKCS8" or isinstance(key, ed25519.Ed25519PrivateKey)
    form = serialization.PrivateFormat.PKCS8 if pkcs8 else serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def describe(key: Key) -> KeyFacts:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyFacts(kind_of(key), public)


def kind_of(key: Key | rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> KeyKind:
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return KeyKind(RSA, key.key_size)
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        return KeyKind(ECDSA, key.curve.key_size)
    return KeyKind(ED25519, 0)


_facts: OrderedDict[bytes, KeyFacts | str] = OrderedDict()


def facts_of(text: bytes, limit: int = pem.LARGEST_KEY) -> KeyFacts:
    """The facts of a PEM key, cached by a digest of the text. Raises KeyError_."""
    digest = hashlib.sha256(text).digest()
    known = _facts.get(digest)
    if known is None:
        try:
            known = describe(load(text, limit, checked=False))
        except (KeyError_, pem.PemError) as error:
            known = str(error)
        _facts[digest] = known
        while len(_facts) > _REMEMBERED:
            _facts.popitem(last=False)
    if isinstance(known, str):
        raise KeyError_(known)
    return known


def encode_der(key: Key) -> bytes:
    """PKCS #8, as keystores contain it."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
