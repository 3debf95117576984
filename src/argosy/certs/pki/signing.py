"""Signing: builds the certificate for a request, signed by a CA or by the request's own key.

Source: spec/cert-manager.md section 7.4. Subject and alternative names are copied from the request; key usages and
whether it is a CA come from the CertificateRequest, and must agree with the request where that carries them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from argosy.certs.pki import der, pem, signatures, subject, usages
from argosy.certs.pki.certificates import AUTHORITY_KEY_ID, SUBJECT_KEY_ID, X509
from argosy.certs.pki.keys import Key
from argosy.certs.pki.requests import (
    BASIC_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    NAME_CONSTRAINTS,
    SUBJECT_ALT_NAME,
    Extension,
    Request,
    basic_constraints,
    encode_extension,
    usage_extensions,
)

DEFAULT_DURATION: Final = timedelta(hours=2160)
_CRL_POINTS: Final = "2.5.29.31"
_AUTHORITY_INFO: Final = "1.3.6.1.5.5.7.1.1"
_OCSP: Final = "1.3.6.1.5.5.7.48.1"
_CA_ISSUERS: Final = "1.3.6.1.5.5.7.48.2"


class TemplateError(ValueError):
    """The CertificateRequest contradicts the request that it contains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What to sign, without serial number and times."""

    subject: bytes
    public: bytes
    is_ca: bool
    extensions: tuple[Extension, ...]
    """keyUsage, extendedKeyUsage, alternative names and name constraints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """URLs that an issuer writes into the certificates that it signs."""

    crl: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    issuing: tuple[str, ...] = ()


NO_POINTERS: Final = Pointers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The signer: its key and its certificate (None: self-signed)."""

    key: Key = field(repr=False)
    certificate: X509 | None = None


def template_of(request: Request, *, asked: Sequence[str], is_ca: bool) -> Template:
    """Raises TemplateError, UnknownUsage."""
    if not request.is_signed_by_its_key:
        raise TemplateError("the request is not signed by its own key")
    if (carried := request.by_oid.get(BASIC_CONSTRAINTS)) and _is_ca(carried.value) != is_ca:
        raise TemplateError(f"encoded CSR error: IsCA {not is_ca} does not match expected value {is_ca}")
    wanted = usages.of(asked, is_ca=is_ca)
    check_usages(request, wanted)
    kept = []
    for one in request.extensions:
        if one.oid == SUBJECT_ALT_NAME:
            kept.append(one._replace(critical=request.subject == subject.EMPTY))
        elif one.oid == NAME_CONSTRAINTS:
            kept.append(one)
    extensions = (*usage_extensions(wanted), *kept)
    return Template(subject=request.subject, public=request.public, is_ca=is_ca, extensions=extensions)


def _is_ca(value: bytes) -> bool:
    parts = der.children(der.first(value))
    return bool(parts) and parts[0].tag == der.BOOLEAN and parts[0].content != b"\x00"


def check_usages(request: Request, wanted: usages.Usages) -> None:
    """If a request has either kind of usages, both must equal the wanted ones. Raises TemplateError."""
    bits, extended = request.by_oid.get(KEY_USAGE), request.by_oid.get(EXTENDED_KEY_USAGE)
    if bits is None and extended is None:
        return
    carried_bits = usages.decoded_bits(bits.value) if bits else frozenset()
    if carried_bits != wanted.bits:
        raise TemplateError(
            f"encoded CSR error: the KeyUsages {usages.spelled_bits(carried_bits)} do not match the expected KeyUsages "
            f"{usages.spelled_bits(wanted.bits)}"
        )
    carried = usages.decoded_extended(extended.value) if extended else ()
    if carried != wanted.extended:
        raise TemplateError(
            f"encoded CSR error: the ExtKeyUsages {usages.spelled(carried)} do not match the expected ExtKeyUsages "
            f"{usages.spelled(wanted.extended)}"
        )


def sign(
    template: Template, signer: Signer, *, serial: int, not_before: datetime, duration: timedelta, pointers: Pointers
) -> bytes:
    """PEM of the certificate. `serial` is positive and random; times are truncated to seconds."""
    not_before = not_before.replace(microsecond=0)
    issuer = signer.certificate.subject if signer.certificate else template.subject
    algorithm = signatures.by_key(signer.key)
    content = der.sequence(
        der.context(0, der.integer(2)),
        der.integer(serial),
        algorithm.identifier,
        issuer,
        der.sequence(der.time(not_before), der.time(not_before + duration)),
        template.subject,
        template.public,
        der.context(3, der.sequence(*(encode_extension(one) for one in _all(template, signer, pointers)))),
    )
    return pem.encoded("CERTIFICATE", signatures.signed(content, signer.key, algorithm))


def _all(template: Template, signer: Signer, pointers: Pointers) -> list[Extension]:
    by_oid = {one.oid: one for one in template.extensions}
    found = [one for one in template.extensions if one.oid in (KEY_USAGE, EXTENDED_KEY_USAGE)]
    found.append(Extension(BASIC_CONSTRAINTS, True, basic_constraints(template.is_ca)))
    if template.is_ca:
        found.append(Extension(SUBJECT_KEY_ID, False, der.octets(key_id(template.public))))
    if signer.certificate and signer.certificate.subject != template.subject and signer.certificate.subject_key_id:
        identifier = der.context(0, signer.certificate.subject_key_id, constructed=False)
        found.append(Extension(AUTHORITY_KEY_ID, False, der.sequence(identifier)))
    if pointers.ocsp or pointers.issuing:
        found.append(Extension(_AUTHORITY_INFO, False, _authority_info(pointers)))
    found += [by_oid[oid] for oid in (SUBJECT_ALT_NAME, NAME_CONSTRAINTS) if oid in by_oid]
    if pointers.crl:
        found.append(Extension(_CRL_POINTS, False, _crl_points(pointers.crl)))
    return found


def key_id(public: bytes) -> bytes:
    """RFC 7093, method 1: the left 160 bits of the SHA-256 of the key's bits."""
    _algorithm, bits = der.children(der.first(public))
    return hashlib.sha256(bits.content[1:]).digest()[:20]


def _authority_info(pointers: Pointers) -> bytes:
    entries = [(_OCSP, url) for url in pointers.ocsp] + [(_CA_ISSUERS, url) for url in pointers.issuing]
    return der.sequence(*(der.sequence(der.oid(oid), _url(url)) for oid, url in entries))


def _crl_points(urls: Sequence[str]) -> bytes:
    return der.sequence(*(der.sequence(der.context(0, der.context(0, _url(url)))) for url in urls))


def _url(url: str) -> bytes:
    return der.context(6, url.encode(), constructed=False)
