"""What Kubernetes adds to CEL: texts, lists, sets, regular expressions, quantities, URLs, addresses, versions, formats.

Sources: apiserver pkg/cel/library, cel-go ext (strings v2, sets), spec/embedded-kubernetes.md section 12.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import cmp_to_key
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import re2

from argosy.machinery import names, quantity, semver
from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.functions import OUTPUT_LIMIT, no_overload, pattern, text_of
from argosy.machinery.cel.overloads import (
    LIST_WALK,
    MATCHED,
    PAIRS,
    REPLACED,
    SPLIT,
    TRAVERSAL,
    UNIT,
    Library,
    Price,
    Range,
    traversal,
)
from argosy.machinery.cel.types import (
    BOOL,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    FORMAT,
    INT,
    IP,
    QUANTITY,
    SEMVER,
    STRING,
    TIMESTAMP,
    UINT,
    URL,
    A,
    Type,
    list_of,
    map_of,
    optional_of,
)
from argosy.machinery.cel.values import NONE, Opaque, Optional, equal, less, size_of
from argosy.machinery.formats import FORMATS


def add_extensions(library: Library) -> None:
    for part in (_texts, _lists, _sets, _regex, _quantities, _urls, _addresses, _versions, _formats, _optionals):
        part(library)


# -- texts -------------------------------------------------------------------------------------------------------------


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise CelError(f"index out of range: {index}")
    return text[index : index + 1]


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    if not 0 <= stop <= len(text):
        raise CelError(f"index out of range: {stop}")
    if start > stop:
        raise CelError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def _find_text(text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    return text.find(part, start)


def _find_last(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part))


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    found = text.count(old) if limit < 0 else min(text.count(old), limit)
    if len(text) + found * len(new) > OUTPUT_LIMIT:
        raise CelError(f"the result is longer than {OUTPUT_LIMIT} characters")
    return text.replace(old, new, limit)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if limit == 1:
        return [text]
    if not separator:
        parts = list(text)
        return parts if limit < 0 or len(parts) <= limit else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


def _join(items: list[str], separator: str = "") -> str:
    if not all(isinstance(item, str) for item in items):
        raise no_overload()
    if sum(map(len, items)) + len(items) * len(separator) > OUTPUT_LIMIT:
        raise CelError(f"the result is longer than {OUTPUT_LIMIT} characters")
    return separator.join(items)


_JOINED = Price(
    lambda arguments, result: -(-size_of(result) * 2 // 10),
    lambda sizes: (sizes[0].scaled(2 * TRAVERSAL), None),
)
_ASCII_LOW = {code: code + 32 for code in range(65, 91)}
_ASCII_HIGH = {code: code - 32 for code in range(97, 123)}


def _texts(library: Library) -> None:
    walk, text, count = traversal(keeps=True), STRING, INT
    table: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Any], Price], ...] = (
        ("charAt", (text, count), text, _char_at, UNIT),
        ("lowerAscii", (text,), text, lambda value: value.translate(_ASCII_LOW), walk),
        ("upperAscii", (text,), text, lambda value: value.translate(_ASCII_HIGH), walk),
        ("substring", (text, count), text, _substring, walk),
        ("substring", (text, count, count), text, _substring, walk),
        ("trim", (text,), text, str.strip, walk),
        ("reverse", (text,), text, lambda value: value[::-1], walk),
        ("indexOf", (text, text), count, _find_text, traversal()),
        ("indexOf", (text, text, count), count, _find_text, traversal()),
        ("lastIndexOf", (text, text), count, _find_last, traversal()),
        ("lastIndexOf", (text, text, count), count, _find_last, traversal()),
        ("replace", (text, text, text), text, _replace, REPLACED),
        ("replace", (text, text, text, count), text, _replace, REPLACED),
        ("split", (text, text), list_of(text), _split, SPLIT),
        ("split", (text, text, count), list_of(text), _split, SPLIT),
        ("join", (list_of(text),), text, _join, _JOINED),
        ("join", (list_of(text), text), text, _join, _JOINED),
        ("format", (text, list_of(DYN)), text, _format, traversal()),
    )
    for name, parameters, result, run, price in table:
        library.add(name, parameters, result, run, price, method=True)
    library.add("strings.quote", (text,), text, lambda value: '"' + _quoted(value) + '"', traversal())


def _quoted(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\a", "\\a")):
        value = value.replace(plain, escaped)
    return value


def _format(template: str, arguments: list[Any]) -> str:
    parts = template.split("%%")
    remaining = iter(arguments)
    return "%".join(_PLACEHOLDER.sub(lambda found: _filled(found, remaining), part) for part in parts)


_PLACEHOLDER = re2.compile(r"%(?:\.([0-9]{1,2}))?([a-zA-Z])")


def _filled(found: Any, remaining: Any) -> str:
    value, verb = next(remaining, NONE), found.group(2)
    if value is NONE:
        raise CelError("error during formatting: index 0 out of range")
    if verb == "s":
        return _shown(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CelError(f"error during formatting: {verb} clause can only be used on numbers")
    if verb in "fe":
        return f"{float(value):.{int(found.group(1) or 6)}{verb}}"
    if verb in "dxXob" and isinstance(value, int):
        return format(int(value), verb)
    raise CelError(f'error during formatting: unrecognized formatting clause "{verb}"')


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(item)}" for key, item in value.items()) + "}"
    return "null" if value is None else text_of(value)


# -- lists and sets ----------------------------------------------------------------------------------------------------

_ORDERED = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING)


def _is_sorted(items: list[Any]) -> bool:
    return all(not less(right, left) for left, right in pairwise(items))


def _total(items: list[Any]) -> Any:
    if not items:
        return 0
    found = items[0]
    for item in items[1:]:
        if type(item) is not type(found):
            raise no_overload()
        found = found + item
    return found


def _extreme(name: str, better: Callable[[Any, Any], bool]) -> Callable[[list[Any]], Any]:
    def pick(items: list[Any]) -> Any:
        if not items:
            raise CelError(f"{name} called on empty list")
        best = items[0]
        for item in items[1:]:
            if better(item, best):
                best = item
        return best

    return pick


def _position(items: list[Any], wanted: Any) -> int:
    return next((index for index, item in enumerate(items) if equal(item, wanted)), -1)


def _last_position(items: list[Any], wanted: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if equal(items[index], wanted)), -1)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, other) for other in found):
            found.append(item)
    return found


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if isinstance(item, list) and depth > 0:
            found.extend(_flatten(item, depth - 1))
        else:
            found.append(item)
    return found


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=cmp_to_key(lambda one, other: -1 if less(one, other) else int(less(other, one))))


def _lists(library: Library) -> None:
    add = library.add
    for kind in _ORDERED:
        add("isSorted", (list_of(kind),), BOOL, _is_sorted, LIST_WALK, method=True)
        add("min", (list_of(kind),), kind, _extreme("min", less), LIST_WALK, method=True)
        add("max", (list_of(kind),), kind, _extreme("max", lambda one, best: less(best, one)), LIST_WALK, method=True)
    for kind in (INT, UINT, DOUBLE, DURATION):
        add("sum", (list_of(kind),), kind, _total, LIST_WALK, method=True)
    add("indexOf", (list_of(A), A), INT, _position, LIST_WALK, method=True)
    add("lastIndexOf", (list_of(A), A), INT, _last_position, LIST_WALK, method=True)
    add("slice", (list_of(A), INT, INT), list_of(A), _slice, LIST_WALK, method=True)
    add("distinct", (list_of(A),), list_of(A), _distinct, _SQUARE, method=True)
    add("reverse", (list_of(A),), list_of(A), lambda items: items[::-1], LIST_WALK, method=True)
    add("sort", (list_of(A),), list_of(A), _sorted, _SQUARE, method=True)
    add("flatten", (list_of(list_of(A)),), list_of(A), _flatten, LIST_WALK, method=True)
    add("flatten", (list_of(DYN), INT), list_of(DYN), _flatten, LIST_WALK, method=True)
    add("first", (list_of(A),), optional_of(A), lambda items: Optional(items[0], True) if items else NONE, method=True)
    add("last", (list_of(A),), optional_of(A), lambda items: Optional(items[-1], True) if items else NONE, method=True)


_SQUARE = Price(
    lambda arguments, _: size_of(arguments[0]) ** 2,
    lambda sizes: (sizes[0].times(sizes[0]), Range(0, sizes[0].most)),
)


def _holds_all(items: list[Any], wanted: list[Any]) -> bool:
    return all(any(equal(item, other) for other in items) for item in wanted)


def _sets(library: Library) -> None:
    both = (list_of(A), list_of(A))
    library.add("sets.contains", both, BOOL, _holds_all, PAIRS)
    library.add("sets.equivalent", both, BOOL, lambda a, b: _holds_all(a, b) and _holds_all(b, a), PAIRS)
    library.add(
        "sets.intersects", both, BOOL, lambda a, b: any(any(equal(item, one) for one in b) for item in a), PAIRS
    )


# -- regular expressions -----------------------------------------------------------------------------------------------


def _find(text: str, wanted: str) -> str:
    found = pattern(wanted).search(text)
    return str(found.group(0)) if found else ""


def _find_all(text: str, wanted: str, limit: int = -1) -> list[str]:
    found = [match.group(0) for match in pattern(wanted).finditer(text)]
    return found if limit < 0 else found[:limit]


def _regex(library: Library) -> None:
    library.add("find", (STRING, STRING), STRING, _find, MATCHED, method=True)
    library.add("findAll", (STRING, STRING), list_of(STRING), _find_all, MATCHED, method=True)
    library.add("findAll", (STRING, STRING, INT), list_of(STRING), _find_all, MATCHED, method=True)


# -- quantities --------------------------------------------------------------------------------------------------------


def _opaque(kind: Type, read: Callable[[str], Any]) -> Callable[[str], Opaque]:
    return lambda text: Opaque(kind.name, read(text))


def _can(read: Callable[..., Any]) -> Callable[..., bool]:
    def check(*arguments: Any) -> bool:
        try:
            read(*arguments)
        except CelError:
            return False
        return True

    return check


def _quantity(text: str) -> str:
    try:
        return quantity.canonical(text)
    except quantity.QuantityError as error:
        raise CelError(str(error)) from None


def _amount(value: Any) -> str:
    return str(value.value) if isinstance(value, Opaque) else quantity.of(value)


def _integer(value: Opaque) -> int:
    nanos = quantity.nano_units(value.value)
    if nanos % quantity.NANO:
        raise CelError("cannot convert value to integer")
    return nanos // quantity.NANO


def _quantities(library: Library) -> None:
    add, read = library.add, _opaque(QUANTITY, _quantity)
    add("quantity", (STRING,), QUANTITY, read, traversal())
    add("isQuantity", (STRING,), BOOL, _can(read), traversal())
    table: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Any]], ...] = (
        ("isInteger", (), BOOL, lambda one: not quantity.nano_units(one.value) % quantity.NANO),
        ("asInteger", (), INT, _integer),
        ("asApproximateFloat", (), DOUBLE, lambda one: quantity.nano_units(one.value) / quantity.NANO),
        ("sign", (), INT, lambda one: quantity.compare(one.value, "0")),
        ("isGreaterThan", (QUANTITY,), BOOL, lambda one, other: quantity.compare(one.value, other.value) > 0),
        ("isLessThan", (QUANTITY,), BOOL, lambda one, other: quantity.compare(one.value, other.value) < 0),
        ("compareTo", (QUANTITY,), INT, lambda one, other: quantity.compare(one.value, other.value)),
    )
    for name, rest, result, run in table:
        add(name, (QUANTITY, *rest), result, run, method=True)
    for other in (QUANTITY, INT):
        add("add", (QUANTITY, other), QUANTITY, _arithmetic(quantity.add), method=True)
        add("sub", (QUANTITY, other), QUANTITY, _arithmetic(quantity.subtract), method=True)


def _arithmetic(work: Callable[[str, str], str]) -> Callable[[Opaque, Any], Opaque]:
    return lambda one, other: Opaque(QUANTITY.name, work(one.value, _amount(other)))


# -- URLs --------------------------------------------------------------------------------------------------------------


def _url(text: str) -> str:
    if not FORMATS["uri"](text):
        raise CelError(f'URL parse error during conversion from string: parse "{text[:100]}": invalid URI for request')
    return text


def _urls(library: Library) -> None:
    read = _opaque(URL, _url)
    library.add("url", (STRING,), URL, read, traversal())
    library.add("isURL", (STRING,), BOOL, _can(read), traversal())
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


# -- addresses ---------------------------------------------------------------------------------------------------------


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


def _addresses(library: Library) -> None:
    add, read_ip, read_cidr = library.add, _opaque(IP, _ip), _opaque(CIDR, _cidr)
    add("ip", (STRING,), IP, read_ip, traversal())
    add("isIP", (STRING,), BOOL, _can(read_ip), traversal())
    add("ip.isCanonical", (STRING,), BOOL, lambda text: str(_ip(text)) == text, traversal())
    add("cidr", (STRING,), CIDR, read_cidr, traversal())
    add("isCIDR", (STRING,), BOOL, _can(read_cidr), traversal())
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


# -- versions and formats ----------------------------------------------------------------------------------------------


def _semver(text: str, normalise: bool = False) -> Any:
    try:
        return semver.parse(text, strict=not normalise)
    except semver.SemverError:
        raise CelError(f"No Major.Minor.Patch elements found in '{text[:100]}'") from None


def _versions(library: Library) -> None:
    def read(text: str, normalise: bool = False) -> Opaque:
        return Opaque(SEMVER.name, _semver(text, normalise))

    for extra in ((), (BOOL,)):
        library.add("semver", (STRING, *extra), SEMVER, read, traversal())
        library.add("isSemver", (STRING, *extra), BOOL, _can(read), traversal())
    table: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Any]], ...] = (
        ("major", (), INT, lambda one: one.value.major),
        ("minor", (), INT, lambda one: one.value.minor),
        ("patch", (), INT, lambda one: one.value.patch),
        ("compareTo", (SEMVER,), INT, lambda a, b: (a.value > b.value) - (a.value < b.value)),
        ("isGreaterThan", (SEMVER,), BOOL, lambda a, b: a.value > b.value),
        ("isLessThan", (SEMVER,), BOOL, lambda a, b: a.value < b.value),
    )
    for name, rest, result, run in table:
        library.add(name, (SEMVER, *rest), result, run, method=True)


def _label_key(text: str) -> bool:
    return bool(_LABEL_KEY.fullmatch(text)) and len(text.rpartition("/")[2]) <= 63


_LABEL_KEY = re2.compile(r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_LABEL_VALUE = re2.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def _prefix_of(check: Callable[[str], bool]) -> Callable[[str], bool]:
    """Of a generated name: a dash at its end may be there."""
    return lambda text: check(text[:-1] + "a" if text.endswith("-") else text)


_NAMED: dict[str, Callable[[str], bool]] = {
    "dns1123Label": lambda text: not names.dns_label(text),
    "dns1123Subdomain": lambda text: not names.dns_subdomain(text),
    "dns1035Label": lambda text: not names.dns_1035_label(text),
    "qualifiedName": _label_key,
    "labelValue": lambda text: bool(_LABEL_VALUE.fullmatch(text)),
    "uri": lambda text: bool(FORMATS["uri"](text)),
    "uuid": lambda text: bool(FORMATS["uuid"](text)),
    "byte": lambda text: bool(FORMATS["byte"](text)),
    "date": lambda text: bool(FORMATS["date"](text)),
    "datetime": lambda text: bool(FORMATS["date-time"](text)),
}
for _name in ("dns1123Label", "dns1123Subdomain", "dns1035Label"):
    _NAMED[f"{_name}Prefix"] = _prefix_of(_NAMED[_name])


def _formats(library: Library) -> None:
    for name in _NAMED:
        library.add(f"format.{name}", (), FORMAT, lambda name=name: Opaque(FORMAT.name, name))
    library.add("format.named", (STRING,), optional_of(FORMAT), _named_format)
    library.add("validate", (FORMAT, STRING), optional_of(list_of(STRING)), _validated, traversal(1), method=True)


def _named_format(name: str) -> Optional:
    return Optional(Opaque(FORMAT.name, name), True) if name in _NAMED else NONE


def _validated(form: Opaque, text: str) -> Optional:
    return NONE if _NAMED[form.value](text) else Optional([f"must be a valid {form.value}"], True)


# -- optional values ---------------------------------------------------------------------------------------------------


def _of_non_zero(value: Any) -> Optional:
    empty = (
        value is None or value is False or (isinstance(value, str | bytes | list | dict | int | float) and not value)
    )
    return NONE if empty else Optional(value, True)


def _value(one: Optional) -> Any:
    if not one.present:
        raise CelError("optional.none() dereference")
    return one.value


def _optionals(library: Library) -> None:
    add, maybe = library.add, optional_of(A)
    add("optional.of", (A,), maybe, lambda value: Optional(value, True))
    add("optional.ofNonZeroValue", (A,), maybe, _of_non_zero)
    add("optional.none", (), optional_of(DYN), lambda: NONE)
    add("hasValue", (maybe,), BOOL, lambda one: one.present, method=True)
    add("value", (maybe,), A, _value, method=True)
    add("or", (maybe, maybe), maybe, lambda one, other: one if one.present else other, method=True)
    add("orValue", (maybe, A), A, lambda one, other: one.value if one.present else other, method=True)
