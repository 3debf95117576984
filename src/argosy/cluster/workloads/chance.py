"""Randomness without a stream: every draw is a function of the seed and of its purpose, never of call order."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SEARCHED = 2048
"""How many creation indexes of one owner are tried to find the one that a name was made from."""


def _digest(seed: str, parts: tuple[str, ...]) -> bytes:
    return hashlib.blake2b("\0".join((seed, *parts)).encode(), digest_size=8).digest()


def share(seed: str, *parts: str) -> float:
    """Uniform in [0, 1)."""
    return int.from_bytes(_digest(seed, parts), "big") / (1 << 64)


def spread(low: float, high: float, seed: str, *parts: str) -> float:
    return low + (high - low) * share(seed, *parts)


def suffix(seed: str, *parts: str, length: int = 5) -> str:
    value, letters = int.from_bytes(_digest(seed, parts), "big"), []
    for _ in range(length):
        value, letter = divmod(value, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def pod_name(seed: str, namespace: str, prefix: str, index: int) -> str:
    """The name of the owner's Pod number `index`; `prefix` ends with a dash and is truncated as generateName is."""
    return prefix[:58] + suffix(seed, namespace, prefix[:58], str(index))


_indexes: OrderedDict[tuple[str, str, str], int | None] = OrderedDict()
"""Caches results of `index_of_name` and arguments of `pod_name`: pure functions, so only an optimisation."""
REMEMBERED = 65536


def remember_index(seed: str, namespace: str, name: str, index: int | None) -> None:
    """Saves a search for a name that was just made."""
    _indexes[seed, namespace, name] = index
    if len(_indexes) > REMEMBERED:
        _indexes.popitem(last=False)


def index_of_name(seed: str, namespace: str, name: str) -> int | None:
    """The creation index from which `pod_name` made `name`, or None for any other name."""
    known = (seed, namespace, name)
    if known not in _indexes:
        remember_index(seed, namespace, name, _searched(seed, namespace, name))
    return _indexes[known]


def _searched(seed: str, namespace: str, name: str) -> int | None:
    prefix, tail = name[:-5], name[-5:]
    if (not prefix.endswith("-") and len(prefix) < 58) or not set(tail) <= set(ALPHABET):
        return None
    return next((n for n in range(SEARCHED) if suffix(seed, namespace, prefix, str(n)) == tail), None)


def fnv1a(data: bytes) -> int:
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def safe_hash(data: bytes) -> str:
    """A stable hash whose letters spell no word: the decimal digits of FNV-1a, encoded like template hashes."""
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(fnv1a(data)))
