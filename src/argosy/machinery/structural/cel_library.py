"""Functions that Kubernetes adds to CEL: quantities, URLs, addresses, versions, regular expressions, lists, format.

Values of a special kind are maps with one key that no JSON field can have by accident. The engine offers each function
both as `f(x)` and as `x.f()`; a name that several kinds share looks at its first argument.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import re2

from argosy.machinery import names, quantity, semver
from argosy.machinery.structural.engine import engine
from argosy.machinery.structural.formats import FORMATS

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Characters that one function may return (spec/security.md rule 3)."""


class FunctionError(Exception):
    """A function refused its argument."""


QUANTITY, URL, IP, CIDR, SEMVER = "@quantity", "@url", "@ip", "@cidr", "@semver"


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, dict) and kind in value


def _quantity(text: str) -> dict[str, Any]:
    try:
        return {QUANTITY: quantity.canonical(text)}
    except quantity.QuantityError as error:
        raise FunctionError(str(error)) from None


def _semver(text: str, normalise: bool = False) -> dict[str, Any]:
    try:
        return {SEMVER: str(semver.parse(text, strict=not normalise))}
    except semver.SemverError:
        raise FunctionError(f"No Major.Minor.Patch elements found in {text!r}") from None


def _url(text: str) -> dict[str, Any]:
    if not FORMATS["uri"](text):
        raise FunctionError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return {URL: text}


def _ip(text: str) -> dict[str, Any]:
    if not FORMATS["ip"](text) or "%" in text:
        raise FunctionError(f"IP Address {text!r} parse error during conversion from string")
    return {IP: str(ipaddress.ip_address(text))}


def _cidr(text: str) -> dict[str, Any]:
    if not FORMATS["cidr"](text):
        raise FunctionError("network address parse error during conversion from string")
    return {CIDR: text}


def _can(read: Callable[..., Any]) -> Callable[..., bool]:
    def check(*arguments: Any) -> bool:
        try:
            read(*arguments)
        except FunctionError:
            return False
        return True

    return check


def _order(left: Any, right: Any) -> int:
    if _is(left, QUANTITY):
        return quantity.compare(left[QUANTITY], right[QUANTITY])
    if _is(left, SEMVER):
        first, second = semver.parse(left[SEMVER]), semver.parse(right[SEMVER])
        return (first > second) - (first < second)
    raise FunctionError("no such overload")


def _text_of(amount: Any) -> str:
    return str(amount[QUANTITY]) if _is(amount, QUANTITY) else quantity.of(amount)


def _number_of(value: Any) -> int:
    nanos = quantity.nano_units(value[QUANTITY])
    if nanos % quantity.NANO:
        raise FunctionError("cannot convert value to integer")
    return nanos // quantity.NANO


def _network(value: Any) -> Any:
    return ipaddress.ip_network(value[CIDR] if _is(value, CIDR) else value, strict=False)


def _contains_ip(network: Any, address: Any) -> bool:
    return ipaddress.ip_address(address[IP] if _is(address, IP) else address) in _network(network)


def _contains_cidr(network: Any, other: Any) -> bool:
    outer, inner = _network(network), _network(other)
    return bool(outer.version == inner.version and inner.subnet_of(outer))


def _address(value: Any) -> Any:
    return ipaddress.ip_address(value[IP])


def _family(value: Any) -> int:
    return int(_address(value).version)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Any:
    try:
        return re2.compile(text)
    except re2.error:
        raise FunctionError(f"invalid regular expression {text!r}") from None


def _find(text: str, pattern: str) -> str:
    found = _pattern(pattern).search(text)
    return found.group(0) if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group(0) for match in _pattern(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def _is_sorted(items: list[Any]) -> bool:
    return all(left <= right for left, right in pairwise(items))


def _extreme(choose: Callable[[list[Any]], Any], word: str) -> Callable[..., Any]:
    def pick(items: list[Any]) -> Any:
        if not items:
            raise FunctionError(f"{word} called on empty list")
        return choose(items)

    return pick


def _index_of(items: Any, wanted: Any, *rest: Any) -> int:
    if isinstance(items, str):
        return items.find(wanted, *rest)
    return next((index for index, item in enumerate(items) if item == wanted), -1)


def _last_index_of(items: Any, wanted: Any) -> int:
    if isinstance(items, str):
        return items.rfind(wanted)
    return next((index for index in range(len(items) - 1, -1, -1) if items[index] == wanted), -1)


def _format(template: str, arguments: list[Any]) -> str:
    parts = template.split("%%")
    remaining = iter(arguments)
    return "%".join(_PLACEHOLDER.sub(lambda found: _filled(found, remaining), part) for part in parts)


_PLACEHOLDER = re2.compile(r"%(?:\.([0-9]{1,2}))?([a-zA-Z])")


def _filled(found: Any, remaining: Any) -> str:
    value, verb = next(remaining), found.group(2)
    if verb == "s":
        return _shown(value)
    if verb in "fe":
        return f"{float(value):.{int(found.group(1) or 6)}{verb}}"
    if verb in "dxXob":
        return format(int(value), verb)
    raise FunctionError(f"unrecognized formatting clause {verb!r}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
    return "null" if value is None else str(value)


def _optional_field(value: Any, name: str) -> Any:
    if isinstance(value, engine.OptionalValue):
        if not value.has_value():
            return value
        value = value.value()
    if isinstance(value, dict) and name in value:
        return engine.OptionalValue.of(value[name])
    return engine.OptionalValue.none()


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    found = text.count(old) if limit < 0 else min(text.count(old), limit)
    if len(text) + found * len(new) > OUTPUT_LIMIT:
        raise FunctionError(f"the result is longer than {OUTPUT_LIMIT} characters")
    return text.replace(old, new, limit)


def _join(items: list[str], separator: str = "") -> str:
    if sum(map(len, items)) + len(items) * len(separator) > OUTPUT_LIMIT:
        raise FunctionError(f"the result is longer than {OUTPUT_LIMIT} characters")
    return separator.join(items)


_LEFT_OUT = frozenset({"bool", "contains", "lists.range"})
"""Of the engine's extensions: what would hide CEL's own functions, or make a list of any length from a number."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: function for name, function in engine.stdlib.STDLIB_FUNCTIONS.items() if name not in _LEFT_OUT},
    "optionalField": _optional_field,
    "replace": _replace,
    "join": _join,
    "quantity": _quantity,
    "isQuantity": _can(_quantity),
    "isInteger": lambda value: not quantity.nano_units(value[QUANTITY]) % quantity.NANO,
    "asInteger": _number_of,
    "asApproximateFloat": lambda value: quantity.nano_units(value[QUANTITY]) / quantity.NANO,
    "sign": lambda value: quantity.compare(value[QUANTITY], "0"),
    "add": lambda left, right: {QUANTITY: quantity.add(left[QUANTITY], _text_of(right))},
    "sub": lambda left, right: {QUANTITY: quantity.subtract(left[QUANTITY], _text_of(right))},
    "isGreaterThan": lambda left, right: _order(left, right) > 0,
    "isLessThan": lambda left, right: _order(left, right) < 0,
    "compareTo": _order,
    "semver": _semver,
    "isSemver": _can(_semver),
    "major": lambda value: semver.parse(value[SEMVER]).major,
    "minor": lambda value: semver.parse(value[SEMVER]).minor,
    "patch": lambda value: semver.parse(value[SEMVER]).patch,
    "url": _url,
    "isURL": _can(_url),
    "getScheme": lambda value: urlsplit(value[URL]).scheme,
    "getHost": lambda value: urlsplit(value[URL]).netloc.rpartition("@")[2],
    "getHostname": lambda value: urlsplit(value[URL]).hostname or "",
    "getPort": lambda value: str(urlsplit(value[URL]).port or ""),
    "getEscapedPath": lambda value: urlsplit(value[URL]).path,
    "getQuery": lambda value: parse_qs(urlsplit(value[URL]).query, keep_blank_values=True),
    "ip": lambda value: _ip(str(_network(value).network_address)) if _is(value, CIDR) else _ip(value),
    "isIP": _can(_ip),
    "ip.isCanonical": lambda text: _ip(text)[IP] == text,
    "family": _family,
    "isUnspecified": lambda value: _address(value).is_unspecified,
    "isLoopback": lambda value: _address(value).is_loopback,
    "isLinkLocalMulticast": lambda value: _address(value).is_multicast and _address(value).is_link_local,
    "isLinkLocalUnicast": lambda value: _address(value).is_link_local,
    "isGlobalUnicast": lambda value: not (_address(value).is_multicast or _address(value).is_loopback),
    "cidr": _cidr,
    "isCIDR": _can(_cidr),
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "masked": lambda value: {CIDR: str(_network(value))},
    "prefixLength": lambda value: _network(value).prefixlen,
    "find": _find,
    "findAll": _find_all,
    "isSorted": _is_sorted,
    "sum": lambda items: sum(items),
    "min": _extreme(min, "min"),
    "max": _extreme(max, "max"),
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "format": _format,
    "dns1123Label": lambda text: names.dns_label(text),
    "dns1123Subdomain": lambda text: names.dns_subdomain(text),
}
