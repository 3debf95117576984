"""URLs, addresses and networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.extensions.opaque import can, opaque
from argosy.machinery.cel.overloads import (
    UNIT,
    Library,
    Price,
    traversal,
)
from argosy.machinery.cel.types import (
    BOOL,
    CIDR,
    INT,
    IP,
    STRING,
    URL,
    Type,
    list_of,
    map_of,
)
from argosy.machinery.cel.values import Opaque
from argosy.machinery.formats import FORMATS


def _url(text: str) -> str:
    if not FORMATS["uri"](text):
        raise CelError(f'URL parse error during conversion from string: parse "{text[:100]}": invalid URI for request')
    return text


def add_urls(library: Library) -> None:
    read = opaque(URL, _url)
    library.add("url", (STRING,), URL, read, traversal())
    library.add("isURL", (STRING,), BOOL, can(read), traversal())
    table: tuple[tuple[str, Type, Callable[[Any], Any]], ...] = (
        ("getScheme", STRING, lambda one: urlsplit(one.value).scheme),
        ("getHost", STRING, lambda one: urlsplit(one.value).netloc.rpartition("@")[2]),
        ("getHostname", STRING, lambda one: urlsplit(one.value).hostname or ""),
        ("getPort", STRING, lambda one: str(urlsplit(one.value).port or "")),
        ("getEscapedPath", STRING, lambda one: urlsplit(one.value).path),
        (
            "getQuery",
            map_of(STRING, list_of(STRING)),
            lambda one: parse_qs(urlsplit(one.value).query, keep_blank_values=True),
        ),
    )
    for name, result, run in table:
        library.add(name, (URL,), result, run, method=True)


def _ip(text: str) -> Any:
    if not FORMATS["ip"](text) or "%" in text:
        raise CelError(f"IP Address '{text[:100]}' parse error during conversion from string")
    return ipaddress.ip_address(text)


def _cidr(text: str) -> Any:
    if not FORMATS["cidr"](text):
        raise CelError("network address parse error during conversion from string")
    return ipaddress.ip_interface(text)


def _contains_ip(network: Opaque, address: Any) -> bool:
    return (address.value if isinstance(address, Opaque) else _ip(address)) in network.value.network


def _contains_cidr(network: Opaque, other: Any) -> bool:
    inner = (other.value if isinstance(other, Opaque) else _cidr(other)).network
    outer = network.value.network
    return bool(outer.version == inner.version and inner.subnet_of(outer))


def _masked(one: Opaque) -> Opaque:
    return Opaque(CIDR.name, ipaddress.ip_interface(str(one.value.network)))


def add_addresses(library: Library) -> None:
    add, read_ip, read_cidr = library.add, opaque(IP, _ip), opaque(CIDR, _cidr)
    add("ip", (STRING,), IP, read_ip, traversal())
    add("isIP", (STRING,), BOOL, can(read_ip), traversal())
    add("ip.isCanonical", (STRING,), BOOL, lambda text: str(_ip(text)) == text, traversal())
    add("cidr", (STRING,), CIDR, read_cidr, traversal())
    add("isCIDR", (STRING,), BOOL, can(read_cidr), traversal())
    table: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Any], Price], ...] = (
        ("family", (IP,), INT, lambda one: one.value.version, UNIT),
        ("isUnspecified", (IP,), BOOL, lambda one: one.value.is_unspecified, UNIT),
        ("isLoopback", (IP,), BOOL, lambda one: one.value.is_loopback, UNIT),
        ("isLinkLocalMulticast", (IP,), BOOL, lambda one: _is_link_local_multicast(one.value), UNIT),
        ("isLinkLocalUnicast", (IP,), BOOL, lambda one: one.value.is_link_local, UNIT),
        ("isGlobalUnicast", (IP,), BOOL, lambda one: _is_global_unicast(one.value), UNIT),
        ("ip", (CIDR,), IP, lambda one: Opaque(IP.name, one.value.ip), UNIT),
        ("masked", (CIDR,), CIDR, _masked, UNIT),
        ("prefixLength", (CIDR,), INT, lambda one: one.value.network.prefixlen, UNIT),
        ("containsIP", (CIDR, IP), BOOL, _contains_ip, UNIT),
        ("containsIP", (CIDR, STRING), BOOL, _contains_ip, traversal(1)),
        ("containsCIDR", (CIDR, CIDR), BOOL, _contains_cidr, UNIT),
        ("containsCIDR", (CIDR, STRING), BOOL, _contains_cidr, traversal(1)),
    )
    for name, parameters, result, run, price in table:
        add(name, parameters, result, run, price, method=True)
    for kind in (IP, CIDR):
        add("string", (kind,), STRING, lambda one: str(one.value))


def _is_link_local_multicast(address: Any) -> bool:
    low = ipaddress.ip_network("224.0.0.0/24" if address.version == 4 else "ff02::/16")
    return address in low


def _is_global_unicast(address: Any) -> bool:
    if address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local:
        return False
    return str(address) != "255.255.255.255"
