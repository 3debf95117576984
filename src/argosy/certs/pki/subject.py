"""Subject names: from a Certificate's fields or its literal subject to DER, and back.

Source: spec/cert-manager.md section 5.1. Several values of one field make one multi-valued element, as in Go's pkix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from argosy.apis.certmanager.certificate import CertificateSpec, Subject
from argosy.certs.pki import der

COMMON_NAME: Final = "2.5.4.3"
SERIAL_NUMBER: Final = "2.5.4.5"
COUNTRY: Final = "2.5.4.6"
LOCALITY: Final = "2.5.4.7"
PROVINCE: Final = "2.5.4.8"
STREET: Final = "2.5.4.9"
ORGANIZATION: Final = "2.5.4.10"
ORGANIZATIONAL_UNIT: Final = "2.5.4.11"
POSTAL_CODE: Final = "2.5.4.17"
EMPTY: Final = der.sequence()

_KEYS: Final = {
    "C": COUNTRY,
    "O": ORGANIZATION,
    "OU": ORGANIZATIONAL_UNIT,
    "CN": COMMON_NAME,
    "SERIALNUMBER": SERIAL_NUMBER,
    "L": LOCALITY,
    "ST": PROVINCE,
    "STREET": STREET,
    "DC": "0.9.2342.19200300.100.1.25",
    "UID": "0.9.2342.19200300.100.1.1",
}
_SPELLED: Final = {oid: key for key, oid in _KEYS.items()} | {POSTAL_CODE: "POSTALCODE"}
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-fA-F]{2}", re.ASCII)
_ESCAPABLE: Final = ' "#+,;<=>\\'


class SubjectError(ValueError):
    """The literal subject cannot be parsed."""


class Attribute(NamedTuple):
    """One value in a name; `oid` is empty for an unknown key."""

    oid: str
    value: str


Rdns = tuple[tuple[Attribute, ...], ...]
"""The elements of a name in DER order, each with its attributes."""


def of_spec(spec: CertificateSpec) -> bytes:
    """The DER of a Certificate's subject. Raises SubjectError, DerError."""
    if spec.literal_subject:
        return encoded(literal(spec.literal_subject))
    return encoded(from_fields(spec.common_name, spec.subject or Subject()))


def from_fields(common_name: str, subject: Subject) -> Rdns:
    fields: tuple[tuple[str, Iterable[str]], ...] = (
        (COUNTRY, subject.countries),
        (PROVINCE, subject.provinces),
        (LOCALITY, subject.localities),
        (STREET, subject.street_addresses),
        (POSTAL_CODE, subject.postal_codes),
        (ORGANIZATION, subject.organizations),
        (ORGANIZATIONAL_UNIT, subject.organizational_units),
        (COMMON_NAME, [common_name] if common_name else []),
        (SERIAL_NUMBER, [subject.serial_number] if subject.serial_number else []),
    )
    rdns = (tuple(Attribute(oid, value) for value in values) for oid, values in fields)
    return tuple(rdn for rdn in rdns if rdn)


def encoded(rdns: Rdns) -> bytes:
    return der.sequence(*(der.set_of([_attribute(one) for one in rdn]) for rdn in rdns))


def _attribute(one: Attribute) -> bytes:
    printable = _PRINTABLE.fullmatch(one.value) is not None
    text = der.tlv(der.PRINTABLE_STRING if printable else der.UTF8_STRING, one.value.encode())
    return der.sequence(der.oid(one.oid), text)


def decoded(name: bytes) -> Rdns:
    """Decodes a DER name. Raises DerError."""
    return tuple(tuple(_read(one) for one in der.children(rdn)) for rdn in der.children(der.first(name)))


def _read(element: der.Element) -> Attribute:
    oid, value = der.children(element)[:2]
    encoding = "utf-16-be" if value.tag == 0x1E else "utf-8"
    return Attribute(der.oid_text(oid.content), value.content.decode(encoding, "replace"))


def values(rdns: Rdns, oid: str) -> tuple[str, ...]:
    return tuple(one.value for rdn in rdns for one in rdn if one.oid == oid)


def common_name(rdns: Rdns) -> str:
    """The last value, as Go reads it."""
    found = values(rdns, COMMON_NAME)
    return found[-1] if found else ""


def spelled(rdns: Rdns) -> str:
    """RFC 4514 text, the most specific element first."""
    return ",".join(
        "+".join(f"{_SPELLED.get(oid, oid)}={_escaped(value)}" for oid, value in rdn) for rdn in reversed(rdns)
    )


def _escaped(value: str) -> str:
    text = re.sub(r'([",+;<>\\])', r"\\\1", value)
    if text[:1] in (" ", "#"):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text


def literal(text: str) -> Rdns:
    """Parses an RFC 4514 name; DER has its elements in reverse order. Raises SubjectError."""
    found = [tuple(_pair(pair) for pair in rdn) for rdn in _split(text.strip(), ",;", "+")] if text.strip() else []
    return tuple(reversed(found))


def _split(text: str, outer: str, inner: str) -> list[list[str]]:
    """Splits at separators that are not escaped by a backslash."""
    rdns: list[list[str]] = [[""]]
    escaping = False
    for char in text:
        if escaping:
            escaping = False
        elif char == "\\":
            escaping = True
        elif char in outer:
            rdns.append([""])
            continue
        elif char in inner:
            rdns[-1].append("")
            continue
        rdns[-1][-1] += char
    return rdns


def _pair(text: str) -> Attribute:
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise SubjectError(f"literal subject: {text!r} is not a pair of type and value such as CN=name")
    known = _KEYS.get(key) or (key if re.fullmatch(r"\d+(\.\d+)+", key, re.ASCII) else "")
    return Attribute(known, _value(value))


def _value(text: str) -> str:
    text = text.lstrip(" ")
    if text.startswith("#"):
        return _from_hex(text[1:].strip())
    out = bytearray()
    kept = 0
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            kept = len(out) if text[at] != " " else kept
            at += 1
            continue
        piece, at = _unescaped(text, at + 1)
        out += piece
        kept = len(out)
    try:
        return out[:kept].decode()
    except UnicodeDecodeError:
        raise SubjectError(f"literal subject: {text!r} is not UTF-8") from None


def _unescaped(text: str, at: int) -> tuple[bytes, int]:
    if pair := _HEX.match(text, at):
        return bytes.fromhex(pair[0]), at + 2
    if at < len(text) and text[at] in _ESCAPABLE:
        return text[at].encode(), at + 1
    raise SubjectError(f"literal subject: {text!r} has a backslash that escapes nothing")


def _from_hex(text: str) -> str:
    try:
        return der.first(bytes.fromhex(text)).content.decode()
    except ValueError:
        raise SubjectError(f"literal subject: '#{text}' is not DER text in hexadecimal digits") from None
