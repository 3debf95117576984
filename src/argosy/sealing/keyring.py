"""The keys for decryption, and the one for sealing, from the key Secrets in the controller's namespace.

Source: sealed-secrets, pkg/controller/keys.go and keyregistry.go. A Secret without a valid key is skipped and
reported; upstream exits.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.rsa_keys import UnusableKey, rsa_key
from argosy.machinery.timestamps import parse
from argosy.sealing.scope import ACTIVE, KEY_LABEL

BY_CERTIFICATE: Final = "CertNotBefore"
BY_CREATION: Final = "SecretCreationTimestamp"
REMEMBERED: Final = 256
"""How many parsed keys are cached: parsing one costs a millisecond, and every look needs the ring."""


class UnreadableKey(ValueError):
    """A key Secret without a valid RSA key and certificate; the text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One key pair. Two are equal if their fingerprints are; the private key is in no repr."""

    fingerprint: str
    """`SHA256:` and unpadded base64, as OpenSSH prints it."""
    private: RSAPrivateKey = field(repr=False, compare=False)
    certificate: x509.Certificate = field(repr=False, compare=False)
    certificate_pem: bytes = field(repr=False, compare=False)

    @property
    def public(self) -> RSAPublicKey:
        return self.private.public_key()


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A key and its Secret; `ordered_at` decides which is the newest."""

    name: str
    key: SealingKey
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys for decryption, by creation of their Secrets; rings with the same keys are equal."""

    keys: tuple[RegisteredKey, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Names of key Secrets without a valid key."""

    @property
    def newest(self) -> RegisteredKey | None:
        """The key for sealing: a later Secret replaces an earlier one only if it is strictly newer."""
        found: RegisteredKey | None = None
        for key in self.keys:
            if found is None or key.ordered_at > found.ordered_at:
                found = key
        return found

    @property
    def opening(self) -> tuple[SealingKey, ...]:
        """Newest first: most items were sealed recently."""
        ordered = sorted(self.keys, key=lambda registered: registered.ordered_at, reverse=True)
        return tuple(dict.fromkeys(registered.key for registered in ordered))


def is_key_secret(labels: Mapping[str, str], name: str, prefix: str) -> bool:
    """Labelled active, or in the oldest installations: named with the prefix."""
    return labels.get(KEY_LABEL) == ACTIVE or name == prefix


def key_ring(secrets: Iterable[Secret], *, order: str = BY_CERTIFICATE) -> KeyRing:
    """Key Secrets in order. An unknown order setting means by certificate."""
    found = sorted(secrets, key=lambda secret: (secret.metadata.creation_timestamp, secret.metadata.name))
    return _ring(tuple(_Source.of(secret) for secret in found), order)


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    created: str
    private: str = field(repr=False)
    certificate: str = field(repr=False)

    @staticmethod
    def of(secret: Secret) -> _Source:
        data = secret.data
        metadata = secret.metadata
        return _Source(metadata.name, metadata.creation_timestamp, data.get("tls.key") or "", data.get("tls.crt") or "")


@lru_cache(maxsize=4)
def _ring(sources: tuple[_Source, ...], order: str) -> KeyRing:
    keys: list[RegisteredKey] = []
    unreadable: list[str] = []
    for source in sources:
        try:
            key = _parsed(source.private, source.certificate)
        except UnreadableKey:
            unreadable.append(source.name)
            continue
        created = parse(source.created) if order == BY_CREATION and source.created else None
        keys.append(RegisteredKey(source.name, key, created or key.certificate.not_valid_before_utc))
    return KeyRing(tuple(keys), tuple(unreadable))


@lru_cache(maxsize=REMEMBERED)
def _parsed(private: str, certificate: str) -> SealingKey:
    try:
        return sealing_key(base64.b64decode(private, validate=True), base64.b64decode(certificate, validate=True))
    except ValueError:
        raise UnreadableKey("no readable key") from None


def sealing_key(private_pem: bytes, certificate_pem: bytes) -> SealingKey:
    """PKCS1 or PKCS8, and the first certificate. Raises UnreadableKey."""
    private = private_key(private_pem)
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        public = certificate.public_key()
    except ValueError:
        raise UnreadableKey("no readable certificate") from None
    if public != private.public_key():
        raise UnreadableKey("the certificate is of another key")
    return SealingKey(fingerprint(private.public_key()), private, certificate, certificate_pem)


def private_key(pem: bytes) -> RSAPrivateKey:
    """Raises UnreadableKey."""
    try:
        return rsa_key(pem)
    except UnusableKey as error:
        raise UnreadableKey(str(error)) from None


def fingerprint(key: RSAPublicKey) -> str:
    """In the format of `ssh-keygen -l`."""
    blob = base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
