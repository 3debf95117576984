"""Key usages by cert-manager's names. Source: spec/cert-manager.md section 5.2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from argosy.certs.pki import der

DIGITAL_SIGNATURE: Final = 0
KEY_ENCIPHERMENT: Final = 2
CERT_SIGN: Final = 5
CRL_SIGN: Final = 6
DEFAULT: Final = ("digital signature", "key encipherment")

KEY_USAGES: Final = {
    "signing": DIGITAL_SIGNATURE,
    "digital signature": DIGITAL_SIGNATURE,
    "content commitment": 1,
    "key encipherment": KEY_ENCIPHERMENT,
    "data encipherment": 3,
    "key agreement": 4,
    "cert sign": CERT_SIGN,
    "crl sign": CRL_SIGN,
    "encipher only": 7,
    "decipher only": 8,
}
"""Name to bit number in the keyUsage extension (RFC 5280, 4.2.1.3)."""

EXTENDED_USAGES: Final = {
    "any": "2.5.29.37.0",
    "server auth": "1.3.6.1.5.5.7.3.1",
    "client auth": "1.3.6.1.5.5.7.3.2",
    "code signing": "1.3.6.1.5.5.7.3.3",
    "email protection": "1.3.6.1.5.5.7.3.4",
    "s/mime": "1.3.6.1.5.5.7.3.4",
    "ipsec end system": "1.3.6.1.5.5.7.3.5",
    "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec user": "1.3.6.1.5.5.7.3.7",
    "timestamping": "1.3.6.1.5.5.7.3.8",
    "ocsp signing": "1.3.6.1.5.5.7.3.9",
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
    "netscape sgc": "2.16.840.1.113730.4.1",
}


class UnknownUsage(ValueError):
    """The names that are not a usage."""


class Usages(NamedTuple):
    """Bits of keyUsage, and object identifiers of extendedKeyUsage in order."""

    bits: frozenset[int]
    extended: tuple[str, ...]


def is_known(name: str) -> bool:
    return name in KEY_USAGES or name in EXTENDED_USAGES


def of(names: Sequence[str], *, is_ca: bool) -> Usages:
    """An empty list means digital signature and key encipherment; a CA also signs certificates."""
    wanted = names or DEFAULT
    if unknown := [name for name in wanted if not is_known(name)]:
        raise UnknownUsage(f"unknown key usages: {unknown}")
    bits = {KEY_USAGES[name] for name in wanted if name in KEY_USAGES}
    if is_ca:
        bits.add(CERT_SIGN)
    return Usages(frozenset(bits), tuple(EXTENDED_USAGES[name] for name in wanted if name in EXTENDED_USAGES))


def decoded_bits(value: bytes) -> frozenset[int]:
    content = der.first(value).content[1:]
    return frozenset(n for n in range(len(content) * 8) if content[n // 8] & (0x80 >> n % 8))


def decoded_extended(value: bytes) -> tuple[str, ...]:
    return tuple(der.oid_text(one.content) for one in der.children(der.first(value)))


def spelled(oids: Iterable[str]) -> list[str]:
    """Readable names; an unknown identifier stays a number."""
    names = {oid: name for name, oid in reversed(EXTENDED_USAGES.items())}
    return [names.get(oid, oid) for oid in oids]


def spelled_bits(numbers: Iterable[int]) -> list[str]:
    names = {number: name for name, number in KEY_USAGES.items() if name != "signing"}
    return [names.get(number, str(number)) for number in sorted(numbers)]
