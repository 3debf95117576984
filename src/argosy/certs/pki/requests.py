"""Certificate requests (PKCS #10): built from a Certificate's spec, and parsed.

Source: spec/cert-manager.md section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from cryptography import x509

from argosy.apis.certmanager.certificate import CertificateSpec
from argosy.certs.pki import alt_names, der, keys, pem, signatures, subject, usages
from argosy.certs.pki.subject import Rdns
from argosy.certs.pki.subject import decoded as decoded_names

SUBJECT_ALT_NAME: Final = "2.5.29.17"
KEY_USAGE: Final = "2.5.29.15"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
NAME_CONSTRAINTS: Final = "2.5.29.30"
_EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"


class RequestError(ValueError):
    """A request cannot be built or parsed; the message says why."""


class Extension(NamedTuple):
    """One encoded X.509 extension."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True)
class Request:
    """A parsed request."""

    der_bytes: bytes
    subject: bytes
    public: bytes
    """SubjectPublicKeyInfo."""
    extensions: tuple[Extension, ...]

    @cached_property
    def names(self) -> Rdns:
        return decoded_names(self.subject)

    @cached_property
    def by_oid(self) -> Mapping[str, Extension]:
        return {one.oid: one for one in self.extensions}

    @cached_property
    def alt_names(self) -> alt_names.AltNames:
        found = self.by_oid.get(SUBJECT_ALT_NAME)
        return alt_names.decoded(found.value) if found else alt_names.AltNames()

    @cached_property
    def is_signed_by_its_key(self) -> bool:
        try:
            return x509.load_der_x509_csr(self.der_bytes).is_signature_valid
        except Exception:  # a third-party parser on hostile input: whatever it raises, the signature was not verified
            return False


def encode_extension(one: Extension) -> bytes:
    critical = der.boolean(True) if one.critical else b""
    return der.sequence(der.oid(one.oid), critical, der.octets(one.value))


def decode_extension(element: der.Element) -> Extension:
    oid, *middle, value = der.children(element)
    critical = bool(middle) and middle[0].content != b"\x00"
    return Extension(der.oid_text(oid.content), critical, value.content)


def extensions_of(spec: CertificateSpec, subject_der: bytes, *, encode_basic_constraints: bool) -> list[Extension]:
    found: list[Extension] = []
    names = alt_names.of_spec(spec)
    if names:
        found.append(Extension(SUBJECT_ALT_NAME, subject_der == subject.EMPTY, alt_names.encoded(names)))
    if encode_basic_constraints:
        found.append(Extension(BASIC_CONSTRAINTS, True, basic_constraints(spec.is_ca)))
    if spec.encode_usages_in_request is not False:
        found += usage_extensions(usages.of(spec.usages, is_ca=spec.is_ca))
    if spec.name_constraints is not None:
        asked = spec.name_constraints
        found.append(Extension(NAME_CONSTRAINTS, asked.critical, alt_names.constraints(asked)))
    return found


def usage_extensions(asked: usages.Usages) -> list[Extension]:
    found = []
    if asked.bits:
        found.append(Extension(KEY_USAGE, True, der.named_bits(asked.bits)))
    if asked.extended:
        oids = der.sequence(*(der.oid(one) for one in asked.extended))
        found.append(Extension(EXTENDED_KEY_USAGE, False, oids))
    return found


def basic_constraints(is_ca: bool) -> bytes:
    return der.sequence(der.boolean(True)) if is_ca else der.sequence()


def make(spec: CertificateSpec, key: keys.Key, *, encode_basic_constraints: bool = False) -> bytes:
    """PEM of the request for `spec`. Raises RequestError with the reason."""
    try:
        subject_der = subject.of_spec(spec)
        extensions = extensions_of(spec, subject_der, encode_basic_constraints=encode_basic_constraints)
    except ValueError as error:
        raise RequestError(str(error)) from None
    names = subject.common_name(subject.decoded(subject_der)) or alt_names.of_spec(spec)
    if not names:
        raise RequestError(
            "at least one of commonName (from the commonName field or from a literalSubject), dnsNames, emailSANs, "
            "ipAddresses, otherNames, or uriSANs must be set"
        )
    algorithm = signatures.by_key(key)
    if spec.signature_algorithm:
        if spec.signature_algorithm not in signatures.ALLOWED[keys.kind_of(key).algorithm]:
            raise RequestError(f"spec.signatureAlgorithm: {spec.signature_algorithm!r} does not fit the private key")
        algorithm = signatures.ALGORITHMS[spec.signature_algorithm]
    return pem.encoded("CERTIFICATE REQUEST", _signed(subject_der, extensions, key, algorithm))


def _signed(subject_der: bytes, extensions: list[Extension], key: keys.Key, algorithm: signatures.Algorithm) -> bytes:
    attributes = b""
    if extensions:
        listed = der.sequence(*(encode_extension(one) for one in extensions))
        attributes = der.sequence(der.oid(_EXTENSION_REQUEST), der.set_of([listed]))
    content = der.sequence(der.integer(0), subject_der, keys.describe(key).public, der.context(0, attributes))
    return signatures.signed(content, key, algorithm)


@lru_cache(maxsize=1024)
def read(text: bytes, limit: int = pem.LARGEST_CERTIFICATE) -> Request:
    """The first PEM block of `text` as a request. Raises RequestError."""
    try:
        block = next(pem.blocks(text, limit), None)
    except pem.PemError as error:
        raise RequestError(str(error)) from None
    if block is None or block.label not in ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"):
        raise RequestError("error decoding certificate request PEM block")
    try:
        found = _decoded(block.der)
        _ = found.names, found.alt_names
    except (ValueError, IndexError):
        raise RequestError("the certificate request is malformed") from None
    return found


def _decoded(der_bytes: bytes) -> Request:
    content, _algorithm, _signature = der.children(der.first(der_bytes))
    _version, name, public, *rest = der.children(content)
    found: list[Extension] = []
    for attribute in der.children(rest[0]) if rest else []:
        oid, values = der.children(attribute)
        if der.oid_text(oid.content) == _EXTENSION_REQUEST:
            found += [decode_extension(one) for one in der.children(der.children(values)[0])]
    return Request(der_bytes, name.der_bytes, public.der_bytes, tuple(found))
