"""What a request's header fields must be (RFC 9113 section 8): else it is malformed, and its stream is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Headers = Sequence[tuple[str, str]]
WANTED: Final = (":method", ":scheme", ":path")
PSEUDO: Final = frozenset({*WANTED, ":authority"})
OF_CONNECTIONS: Final = frozenset({"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"})
NAME: Final = re.compile(r"[!-9;-@\[-~]+")
NOT_IN_VALUES: Final = ("\0", "\r", " \n", "\t\n", "\n ", "\n\t")
"""Of several, each on a line of its own."""


class Malformed(Exception):
    """A request, or its trailers."""


def check_request(headers: Headers) -> int:
    """The content length of the headers, -1 for none. Raises Malformed."""
    names = [name for name, _ in headers if name[:1] == ":"]
    found = dict(headers[: len(names)])
    if len(found) != len(names) or any(name not in PSEUDO or name not in found for name in names):
        raise Malformed("pseudo-header fields come first, each once, and are those of requests")
    if not all(found.get(name) for name in WANTED):
        raise Malformed(f"a request has {', '.join(WANTED)}")
    _check_values([value for _, value in headers])
    return _check_fields(headers[len(names) :])


def check_trailers(headers: Headers) -> None:
    """Raises Malformed."""
    _check_values([value for _, value in headers])
    _check_fields(headers)


def _check_fields(fields: Headers) -> int:
    length = -1
    for name, value in fields:
        if not _may_name(name):
            raise Malformed("the name of a field is in small letters, and none of a connection of HTTP/1.1")
        if name == "content-length":
            length = _length(value, length)
        elif name == "te" and value.lower() != "trailers":
            raise Malformed("te is trailers, or absent")
    return length


@lru_cache(maxsize=1000)
def _may_name(name: str) -> bool:
    return name not in OF_CONNECTIONS and NAME.fullmatch(name) is not None


def _length(value: str, before: int) -> int:
    if not (value.isascii() and value.isdecimal()) or before not in (-1, int(value)):
        raise Malformed("content-length is one number")
    return int(value)


def _check_values(values: list[str]) -> None:
    lines = "\n".join(["", *values, ""])
    if lines.count("\n") != len(values) + 1 or any(text in lines for text in NOT_IN_VALUES):
        raise Malformed("the value of a field has no line ends, and no blanks around it")
