"""Generates a key pair and its self-signed certificate, as upstream's controller does.

Source: sealed-secrets, pkg/crypto/keys.go: a CA whose only key usage is encipher-only, with a random serial number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtensionOID, NameOID

from argosy.sealing.keyring import fingerprint
from argosy.sealing.ports import MadeKey, MakeKey

EXPONENT: Final = 65537
_ENCIPHER_ONLY: Final = b"\x03\x02\x00\x01"
"""A DER bit string with only bit 7 set, which the library refuses to encode without key agreement."""


class RealKeys:
    """`entropy` returns the serial number's bytes."""

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy

    async def make(self, question: MakeKey) -> MadeKey:
        """In a thread: a key of 4096 bits takes up to three seconds."""
        private = await asyncio.to_thread(rsa.generate_private_key, EXPONENT, question.size)
        return made_key(private, question, self._entropy(16))


def made_key(private: rsa.RSAPrivateKey, question: MakeKey, serial: bytes) -> MadeKey:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, question.common_name)] if question.common_name else []
    name = x509.Name(attributes)
    usage = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, _ENCIPHER_ONLY)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(int.from_bytes(serial, "big") >> 1 or 1)
        .not_valid_before(question.since)
        .not_valid_after(question.until)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, SHA256())
    )
    return MadeKey(
        fingerprint(private.public_key()),
        private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
    )
