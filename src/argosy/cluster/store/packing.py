"""Compresses objects that nobody reads, against another one of the same kind: to a fifth or a tenth of their size.

Objects of a kind contain nearly the same text: managed fields, conditions, a CA's certificate. Packing costs some ten
microseconds per kilobyte, and unpacking three.

A packed object is a byte that no JSON starts with, the number of its dictionary, the original length, its labels
uncompressed, and the deflated rest. It is one value, so that a thread that reads concurrently sees either form, and a
search by labels inflates only what it finds.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

SMALLEST, LARGEST = 256, 16_384
"""In bytes: shorter objects gain nothing, and longer ones would block the event loop."""
WINDOW_BITS, MEMORY_LEVEL, LEVEL = -14, 6, 2
"""A raw stream with a window of 16 KiB; little memory, because most of the time was spent clearing it."""
DICTIONARIES: Final = 4
"""Maximum per kind while the store lives: none is released, since objects packed with it need it."""
TRIED: Final = 512
"""Number of objects after which a dictionary is evaluated."""
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
    """The dictionaries of one store, each an object as it was when it was the first of its kind to be packed."""

    def __init__(self) -> None:
        self._dictionaries: list[bytes] = []
        self._kinds: dict[str, _OfKind] = {}

    def packed(self, encoded: bytes, kind: str, labels: bytes = b"") -> bytes:
        """Returns `encoded` itself if nothing is gained. `labels`: their JSON, by which the object may be searched."""
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
    """The size of the JSON, packed or not."""
    return int.from_bytes(held[4:7]) if is_packed(held) else len(held)


def labels_of(held: bytes) -> bytes:
    """The bytes that contain the object's labels: their JSON, or the entire JSON if the object is not packed."""
    return held[_HEADER : _HEADER + _labels_length(held)] if is_packed(held) else held


def _labels_length(packed: bytes) -> int:
    return int.from_bytes(packed[7:_HEADER])
