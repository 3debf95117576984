"""Plain commands that transform or produce a stream: for the pipes of users' scripts."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from datetime import datetime

SIZES = {"": 1, "c": 1, "k": 1 << 10, "kB": 1000, "K": 1 << 10, "M": 1 << 20, "MB": 1_000_000, "G": 1 << 30}
_SIZE = re.compile(r"(\d{1,12})([a-zA-Z]{0,2})")
_COUNT = re.compile(r"-n?(\d+)")


def head(words: Sequence[str], data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[: _count(words)])


def tail(words: Sequence[str], data: bytes) -> bytes:
    count = _count(words)
    return b"".join(data.splitlines(keepends=True)[-count:] if count else [])


def _count(words: Sequence[str]) -> int:
    text = " ".join(words).replace("-n ", "-n")
    found = next((match for word in text.split() if (match := _COUNT.fullmatch(word))), None)
    return int(found[1]) if found else 10


def sort(words: Sequence[str], data: bytes) -> bytes:
    lines = sorted(data.splitlines(), reverse="-r" in words)
    return b"".join(line + b"\n" for line in (dict.fromkeys(lines) if "-u" in words else lines))


def zipped(words: Sequence[str], data: bytes) -> bytes:
    """`gzip` of the standard input. Raises ValueError for decompression: its output may be of any size."""
    if "-d" in words:
        raise ValueError("gzip: -d is not simulated")
    return gzip.compress(data, mtime=0)


def made_block(words: Sequence[str], limit: int) -> tuple[str, bytes]:
    """`dd`: the file, limited to the bytes of `bs` and `count`. Raises ValueError for too many, or none."""
    given = dict(word.partition("=")[::2] for word in words)
    size = _size(given.get("bs", "512")) * int(given.get("count", "0") or 0)
    if not size or "of" not in given:
        raise ValueError("say of=FILE, bs=SIZE and count=NUMBER")
    if size > limit:
        raise ValueError(f"error writing '{given['of']}': No space left on device")
    return given["of"], bytes(size)


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None or found[2] not in SIZES:
        raise ValueError(f"invalid number: '{text}'")
    return int(found[1]) * SIZES[found[2]]


def date(words: Sequence[str], now: datetime) -> str:
    """Raises ValueError for an invalid format."""
    wanted = [word for word in words if word not in ("-u", "--utc")]
    if not wanted:
        return now.strftime("%a %b %d %H:%M:%S UTC %Y")
    if not wanted[0].startswith("+"):
        raise ValueError(f"invalid date '{wanted[0]}'")
    return now.strftime(wanted[0][1:].replace("%s", str(int(now.timestamp()))))
