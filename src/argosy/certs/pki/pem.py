"""PEM blocks (RFC 7468) and the limits within which they are read.

Sizes are checked before anything is decoded: parsing huge input has stopped controllers before
(spec/security.md rule 2).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

LARGEST_CERTIFICATE: Final = 36_500
LARGEST_KEY: Final = 13_000
LARGEST_CHAIN: Final = 95_000
LARGEST_BUNDLE: Final = 330_000
"""In bytes; the defaults of upstream's flags."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t\r]*\n([A-Za-z0-9+/=\s]*?)-----END \1-----", re.ASCII)


class PemError(ValueError):
    """The text has no block of the wanted kind; the message never quotes it."""


@dataclass(frozen=True, slots=True)
class PemLimits:
    """Limits in bytes of text, by kind."""

    certificate: int = LARGEST_CERTIFICATE
    key: int = LARGEST_KEY
    chain: int = LARGEST_CHAIN
    bundle: int = LARGEST_BUNDLE


DEFAULT_LIMITS: Final = PemLimits()


class Block(NamedTuple):
    label: str
    der: bytes


def blocks(text: bytes, limit: int) -> Iterator[Block]:
    """Every block in `text`; text between blocks is skipped. Raises PemError beyond `limit` bytes."""
    if len(text) > limit:
        raise PemError(f"the PEM data has {len(text)} bytes, the limit is {limit}")
    for found in _BLOCK.finditer(text):
        try:
            yield Block(found[1].decode(), base64.b64decode(b"".join(found[2].split()), validate=True))
        except binascii.Error:
            continue


def encoded(label: str, der: bytes) -> bytes:
    lines = base64.encodebytes(der).replace(b"\n", b"")
    body = b"\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label.encode(), body, label.encode())
