"""Subject alternative names and name constraints (RFC 5280, 4.2.1.6 and 4.2.1.10).

Order and encoding as in upstream's library: DNS, e-mail, IP, URI, then other names; duplicates are kept.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from argosy.apis.certmanager.certificate import CertificateSpec, NameConstraintItem, NameConstraints
from argosy.certs.pki import der


class NameError_(ValueError):  # noqa: N801 the plain name is a builtin
    """A name cannot be encoded into a certificate; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AltNames:
    """The names of a request or certificate; addresses in their shortest form, other names as (oid, text)."""

    dns: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    undecodable_others: bool = False
    """An other name that is not UTF-8 text is present."""

    def __bool__(self) -> bool:
        return bool(self.dns or self.emails or self.addresses or self.uris or self.others)


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """None if it is not an address; an IPv4-mapped one is the IPv4 address, as in Go."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id:
            return None
        return found.ipv4_mapped or found
    return found


def of_spec(spec: CertificateSpec) -> AltNames:
    addresses = []
    for text in spec.ip_addresses:
        if (found := parse_address(text)) is None:
            raise NameError_(f"spec.ipAddresses: {text!r} is not an IP address")
        addresses.append(str(found))
    return AltNames(
        dns=spec.dns_names,
        emails=spec.email_addresses,
        addresses=tuple(addresses),
        uris=spec.uris,
        others=tuple((one.oid, one.utf8_value) for one in spec.other_names),
    )


def encoded(names: AltNames) -> bytes:
    """The value of the extension. Raises NameError_, DerError."""
    parts = [
        *(_ia5(2, name) for name in names.dns),
        *(_ia5(1, name) for name in names.emails),
        *(der.context(7, ipaddress.ip_address(text).packed, constructed=False) for text in names.addresses),
        *(_ia5(6, name) for name in names.uris),
        *(_other(oid, text) for oid, text in names.others),
    ]
    return der.sequence(*parts)


def _ia5(number: int, text: str) -> bytes:
    if not text.isascii():
        raise NameError_(f"{text!r} cannot be written into a certificate: names must be ASCII (xn--... for others)")
    return der.context(number, text.encode(), constructed=False)


def _other(oid: str, text: str) -> bytes:
    return der.context(0, der.oid(oid) + der.context(0, der.tlv(der.UTF8_STRING, text.encode())))


def decoded(value: bytes) -> AltNames:
    """Raises DerError; kinds of names that are not used are skipped."""
    found: dict[int, list[str]] = {1: [], 2: [], 6: [], 7: []}
    others: list[tuple[str, str]] = []
    undecodable = False
    for element in der.children(der.first(value)):
        number = element.tag & 0x1F
        if number == 0:
            if (other := _read_other(element)) is None:
                undecodable = True
            else:
                others.append(other)
        elif number == 7:
            found[7].append(_address(element.content))
        elif number in found:
            found[number].append(element.content.decode("ascii", "replace"))
    return AltNames(
        dns=tuple(found[2]),
        emails=tuple(found[1]),
        addresses=tuple(found[7]),
        uris=tuple(found[6]),
        others=tuple(others),
        undecodable_others=undecodable,
    )


def _address(packed: bytes) -> str:
    if len(packed) not in (4, 16):
        raise der.DerError(f"an IP address has {len(packed)} bytes")
    found = ipaddress.ip_address(packed)
    return str(found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found)


def _read_other(element: der.Element) -> tuple[str, str] | None:
    oid, wrapped = der.children(element)
    inner = der.first(wrapped.content)
    return (
        (der.oid_text(oid.content), inner.content.decode("utf-8", "replace")) if inner.tag == der.UTF8_STRING else None
    )


def constraints(asked: NameConstraints) -> bytes:
    """The value of the nameConstraints extension."""
    parts = [
        der.context(number, b"".join(_subtrees(item)))
        for number, item in ((0, asked.permitted), (1, asked.excluded))
        if item is not None and any(True for _ in _subtrees(item))
    ]
    return der.sequence(*parts)


def _subtrees(item: NameConstraintItem) -> Iterator[bytes]:
    bases: Iterable[bytes] = (
        *(_ia5(2, name) for name in item.dns_domains),
        *(der.context(7, _network(text), constructed=False) for text in item.ip_ranges),
        *(_ia5(1, name) for name in item.email_addresses),
        *(_ia5(6, name) for name in item.uri_domains),
    )
    return (der.sequence(base) for base in bases)


def _network(text: str) -> bytes:
    if (found := parse_range(text)) is None:
        raise NameError_(f"nameConstraints: {text!r} is not a range of addresses such as 10.0.0.0/8")
    return found.network_address.packed + found.netmask.packed


def parse_range(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """As Go's net.ParseCIDR: an address and its prefix length; no netmask and no zone."""
    address, _, length = text.partition("/")
    if not (length.isascii() and length.isdigit()) or "%" in address:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
