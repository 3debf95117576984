"""Bytes of objects that nobody looks at, deflated against one of the same kind: a fifth or a tenth is left of them.

Objects of a kind say nearly the same in the same words: managed fields, conditions, a CA's certificate. What one costs
is some ten microseconds for each kilobyte when it is packed, and three when it is read again.

A packed object is a byte that no JSON begins with, the number of its dictionary, the length of what it was, its labels
as they were, and the deflated rest. It is one value, so that a thread that reads beside us sees the one form or the
other; and a search by labels inflates only what it finds.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

SMALLEST, LARGEST = 256, 16_384
"""Bytes: shorter ones gain nothing, and longer ones would hold the loop."""
WINDOW_BITS, MEMORY_LEVEL, LEVEL = -14, 6, 2
"""A raw stream that reaches back 16 KiB; with little memory, as most of the time went into clearing that."""
DICTIONARIES: Final = 4
"""Of one kind in the life of a store: none is let go, as what was packed by it needs it."""
TRIED: Final = 512
"""Objects after which a dictionary shows whether it fits."""
_PACKED: Final = 0
"""The first byte."""
_HEADER: Final = 10
_LONGEST_LABELS: Final = 2_048


@dataclass(slots=True)
class _OfKind:
    number: int
    made: int = 1
    objects: int = 0
    before: int = 0
    after: int = 0
    """Objects since the dictionary was chosen, and their bytes before and after."""

    @property
    def is_poor(self) -> bool:
        return self.objects >= TRIED and self.made < DICTIONARIES and self.after * 3 > self.before


class Packing:
    """Of one store: its dictionaries, each an object as it stood when it was the first of its kind to be packed."""

    def __init__(self) -> None:
        self._dictionaries: list[bytes] = []
        self._kinds: dict[str, _OfKind] = {}

    def packed(self, encoded: bytes, kind: str, labels: bytes = b"") -> bytes:
        """`encoded` itself where nothing is gained. `labels`: their JSON, by which the object may be searched."""
        if not SMALLEST <= len(encoded) <= LARGEST or len(labels) > _LONGEST_LABELS or is_packed(encoded):
            return encoded
        of_kind = self._of_kind(kind, encoded)
        dictionary = self._dictionaries[of_kind.number]
        deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY_LEVEL, zdict=dictionary)
        numbers = (of_kind.number, len(encoded), len(labels))
        head = bytes((_PACKED, *(byte for number in numbers for byte in number.to_bytes(3))))
        made = b"".join((head, labels, deflater.compress(encoded), deflater.flush()))
        of_kind.objects += 1
        of_kind.before += len(encoded)
        of_kind.after += len(made)
        return made if len(made) < 0.8 * len(encoded) else encoded

    def _of_kind(self, kind: str, encoded: bytes) -> _OfKind:
        known = self._kinds.get(kind)
        if known is None or known.is_poor:
            made = 1 if known is None else known.made + 1
            known = self._kinds[kind] = _OfKind(len(self._dictionaries), made)
            self._dictionaries.append(encoded)
        return known

    def unpacked(self, packed: bytes) -> bytes:
        dictionary = self._dictionaries[int.from_bytes(packed[1:4])]
        inflater = zlib.decompressobj(WINDOW_BITS, zdict=dictionary)
        return inflater.decompress(memoryview(packed)[_HEADER + _labels_length(packed) :])


def is_packed(held: bytes) -> bool:
    return held[0] == _PACKED


def length_of(held: bytes) -> int:
    """Of the JSON, packed or not."""
    return int.from_bytes(held[4:7]) if is_packed(held) else len(held)


def labels_of(held: bytes) -> bytes:
    """Where the object's labels stand: their JSON, or that of all of it where it is not packed."""
    return held[_HEADER : _HEADER + _labels_length(held)] if is_packed(held) else held


def _labels_length(packed: bytes) -> int:
    return int.from_bytes(packed[7:_HEADER])
