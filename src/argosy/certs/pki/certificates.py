"""Reads certificates: dates, names, key and extensions. Source: RFC 5280."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from argosy.certs.pki import alt_names, der, pem, usages
from argosy.certs.pki.requests import (
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    SUBJECT_ALT_NAME,
    Extension,
    decode_extension,
)
from argosy.certs.pki.subject import Rdns
from argosy.certs.pki.subject import decoded as decoded_names

SUBJECT_KEY_ID: Final = "2.5.29.14"
AUTHORITY_KEY_ID: Final = "2.5.29.35"


class CertificateError(ValueError):
    """The data is not a certificate; the message never quotes it."""


@dataclass(frozen=True)
class X509:
    """One certificate."""

    der_bytes: bytes
    serial: int
    issuer: bytes
    subject: bytes
    not_before: datetime
    not_after: datetime
    public: bytes
    """SubjectPublicKeyInfo."""
    extensions: tuple[Extension, ...]

    @cached_property
    def names(self) -> Rdns:
        return decoded_names(self.subject)

    @cached_property
    def issuer_names(self) -> Rdns:
        return decoded_names(self.issuer)

    @cached_property
    def by_oid(self) -> Mapping[str, Extension]:
        return {one.oid: one for one in self.extensions}

    @cached_property
    def alt_names(self) -> alt_names.AltNames:
        found = self.by_oid.get(SUBJECT_ALT_NAME)
        return alt_names.decoded(found.value) if found else alt_names.AltNames()

    @cached_property
    def is_ca(self) -> bool:
        found = self.by_oid.get(BASIC_CONSTRAINTS)
        parts = der.children(der.first(found.value)) if found else []
        return bool(parts) and parts[0].tag == der.BOOLEAN and parts[0].content != b"\x00"

    @cached_property
    def subject_key_id(self) -> bytes:
        found = self.by_oid.get(SUBJECT_KEY_ID)
        return der.first(found.value).content if found else b""

    @cached_property
    def authority_key_id(self) -> bytes:
        """The key identifier in the extension, empty if there is none."""
        found = self.by_oid.get(AUTHORITY_KEY_ID)
        parts = der.children(der.first(found.value)) if found else []
        return next((part.content for part in parts if part.tag == 0x80), b"")

    @cached_property
    def is_self_signed(self) -> bool:
        """Whether it is a root: only a CA can be one, even if it is self-signed."""
        return self.was_issued_by(self)

    def was_issued_by(self, parent: X509) -> bool:
        """Checks the name, the signature, and that the parent may sign."""
        if self.issuer != parent.subject or (BASIC_CONSTRAINTS in parent.by_oid and not parent.is_ca):
            return False
        usage = parent.by_oid.get(KEY_USAGE)
        if usage and usages.CERT_SIGN not in usages.decoded_bits(usage.value):
            return False
        return self._was_signed_by(parent)

    def _was_signed_by(self, parent: X509) -> bool:
        try:
            x509.load_der_x509_certificate(self.der_bytes).verify_directly_issued_by(
                x509.load_der_x509_certificate(parent.der_bytes)
            )
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True

    @property
    def pem(self) -> bytes:
        return pem.encoded("CERTIFICATE", self.der_bytes)


NONE_FOUND: Final = "error decoding certificate PEM block: no valid certificates found"


@lru_cache(maxsize=16384)
def chain_of(text: bytes, limit: int = pem.LARGEST_CHAIN) -> tuple[X509, ...]:
    """All certificates of a PEM text, at least one. Raises CertificateError."""
    try:
        found = tuple(decoded(block.der) for block in pem.blocks(text, limit))
    except pem.PemError as error:
        raise CertificateError(str(error)) from None
    if not found:
        raise CertificateError(NONE_FOUND)
    return found


def first_of(text: bytes, limit: int = pem.LARGEST_CHAIN) -> X509:
    return chain_of(text, limit)[0]


@lru_cache(maxsize=16384)
def decoded(der_bytes: bytes) -> X509:
    """One DER certificate. Raises CertificateError."""
    if len(der_bytes) > pem.LARGEST_CERTIFICATE:
        raise CertificateError(f"the certificate has {len(der_bytes)} bytes, the limit is {pem.LARGEST_CERTIFICATE}")
    try:
        found = _decoded(der_bytes)
        _ = found.names, found.alt_names, found.is_ca, found.authority_key_id
        x509.load_der_x509_certificate(der_bytes).public_key()
    except Exception:  # a third-party parser on hostile input: whatever it raises, this is not a certificate
        raise CertificateError("error parsing TLS certificate: it is malformed") from None
    return found


def _decoded(der_bytes: bytes) -> X509:
    content, _algorithm, _signature = der.children(der.first(der_bytes))
    parts = der.children(content)
    if parts[0].tag == 0xA0:
        parts = parts[1:]
    serial, _, issuer, validity, name, public, *rest = parts
    not_before, not_after = (der.time_of(one) for one in der.children(validity))
    listed = next((one for one in rest if one.tag == 0xA3), None)
    extensions = [decode_extension(one) for one in der.children(der.first(listed.content))] if listed else []
    return X509(
        der_bytes=der_bytes,
        serial=int.from_bytes(serial.content, "big", signed=True),
        issuer=issuer.der_bytes,
        subject=name.der_bytes,
        not_before=not_before,
        not_after=not_after,
        public=public.der_bytes,
        extensions=tuple(extensions),
    )
