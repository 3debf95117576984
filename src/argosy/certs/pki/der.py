"""DER (ITU-T X.690), as much of it as requests and certificates need.

Written here because content must be byte for byte what upstream's library writes (multi-valued names, string types,
order of extensions), which no library's builder leaves to its caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
NULL: Final = b"\x05\x00"

_DOTTED = re.compile(r"\d{1,39}(\.\d{1,39})+", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_SHORT: Final = 16
"""Limit in bytes for caching an object identifier; well-known ones are short and frequent."""
_DEEPEST = 10_000_000
"""Limit in bytes: no element that we read is longer."""


class DerError(ValueError):
    """The bytes are not DER, or not the expected structure."""


class Element(NamedTuple):
    """A tag, its content, and its complete encoding."""

    tag: int
    content: bytes
    der_bytes: bytes


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    """DER sorts the members of a SET OF by their bytes."""
    return tlv(SET, b"".join(sorted(parts)))


def context(number: int, content: bytes, *, constructed: bool = True) -> bytes:
    return tlv((0xA0 if constructed else 0x80) | number, content)


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def boolean(value: bool) -> bytes:
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def octets(content: bytes) -> bytes:
    return tlv(OCTET_STRING, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(BIT_STRING, bytes((unused,)) + content)


def named_bits(numbers: Iterable[int]) -> bytes:
    """A BIT STRING of named bits: trailing zeros are cut."""
    present = set(numbers)
    if not present:
        return bits(b"")
    last = max(present)
    content = bytearray(last // 8 + 1)
    for number in present:
        content[number // 8] |= 0x80 >> number % 8
    return bits(bytes(content), 7 - last % 8)


@lru_cache(maxsize=512)
def oid(text: str) -> bytes:
    """Raises DerError if the text is not an object identifier."""
    if not _DOTTED.fullmatch(text):
        raise DerError(f"{text!r} is not an object identifier such as 1.2.840.113549")
    first, second, *rest = [int(part) for part in text.split(".")]
    if first > 2 or (first < 2 and second > 39):
        raise DerError(f"{text!r} is not an object identifier: its first two numbers are out of range")
    return tlv(OID, b"".join(_base128(number) for number in (first * 40 + second, *rest)))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def oid_text(content: bytes) -> str:
    """Raises DerError."""
    return _known_text(content) if len(content) <= _SHORT else _oid_text(content)


@lru_cache(maxsize=512)
def _known_text(content: bytes) -> str:
    return _oid_text(content)


def _oid_text(content: bytes) -> str:
    numbers: list[int] = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers or content[-1] & 0x80:
        raise DerError("an object identifier is cut short")
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in (first, numbers[0] - 40 * first, *numbers[1:]))


def time(moment: datetime) -> bytes:
    """UTCTime before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5)."""
    moment = moment.astimezone(UTC)
    if 1950 <= moment.year < 2050:
        return tlv(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(GENERALIZED_TIME, f"{moment.year:04d}{moment:%m%d%H%M%SZ}".encode())


def time_of(element: Element) -> datetime:
    text = element.content.decode("ascii", "replace")
    if element.tag == UTC_TIME:
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    if not (found := _TIME.fullmatch(text)):
        raise DerError("a time is malformed")
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise DerError("a time is malformed") from None


def first(data: bytes) -> Element:
    """The only element of `data`. Raises DerError if it is truncated or something follows it."""
    element, end = _read(data, 0)
    if end != len(data):
        raise DerError("bytes follow the structure")
    return element


def children(element: Element | bytes) -> list[Element]:
    """The elements inside a constructed one."""
    return list(_elements(element.content if isinstance(element, Element) else element))


def _elements(content: bytes) -> Iterator[Element]:
    at = 0
    while at < len(content):
        element, at = _read(content, at)
        yield element


def _read(data: bytes, at: int) -> tuple[Element, int]:
    if at + 2 > len(data):
        raise DerError("the structure is cut short")
    tag, size, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise DerError("a tag is longer than one byte")
    if size & 0x80:
        width = size & 0x7F
        size = int.from_bytes(data[start : start + width], "big")
        start += width
        if not 1 <= width <= 4 or size > _DEEPEST:
            raise DerError("a length is malformed")
    end = start + size
    if end > len(data):
        raise DerError("the structure is cut short")
    return Element(tag, data[start:end], data[at:end]), end
