"""Determines the size of a git object before it is inflated: a small pack can contain an object of any size.

The size of a plain object is in its pack entry's header; of a delta, at the start of the delta; its base
objects count too, as they must be inflated for it. Loose objects have their size in their first bytes.
"""

from __future__ import annotations

import mmap
import zlib
from pathlib import Path
from typing import Final, TypeAlias

from dulwich.object_store import DiskObjectStore
from dulwich.objects import RawObjectID
from dulwich.pack import Pack

_OFS_DELTA: Final = 6
_REF_DELTA: Final = 7
_CHAIN_LIMIT: Final = 4096
_HEAD: Final = 512

Buffer: TypeAlias = bytes | mmap.mmap


def object_size(store: DiskObjectStore, oid: str) -> int | None:
    """Maximum bytes needed at once for any object of its delta chain, or None when there is no such object."""
    raw = RawObjectID(bytes.fromhex(oid))
    try:
        # dulwich offers no public search over packs that leaves the object packed.
        return store._lookup_in_packs(lambda pack: _packed(store, pack, raw))  # noqa: SLF001
    except KeyError:
        return _loose(Path(store.path) / oid[:2] / oid[2:])


def _packed(store: DiskObjectStore, pack: Pack, oid: RawObjectID) -> int:
    offset = pack.index.object_offset(oid)
    buffer = pack.data._buffer()  # noqa: SLF001 - the mapped file; reading headers needs no copy
    largest = 0
    for _ in range(_CHAIN_LIMIT):
        kind, size, at = _header(buffer, offset)
        largest = max(largest, size)
        if kind not in (_OFS_DELTA, _REF_DELTA):
            return largest
        if kind == _OFS_DELTA:
            back, at = _offset(buffer, at)
            base: int | None = offset - back
        else:
            base_oid = RawObjectID(bytes(buffer[at : at + 20]))
            at += 20
            base = _offset_in(pack, base_oid)
            if base is None:
                return max(largest, _delta_result(buffer, at), object_size(store, base_oid.hex()) or 0)
        largest = max(largest, _delta_result(buffer, at))
        if base is None or base < 12 or base >= offset + len(buffer):
            break
        offset = base
    raise KeyError(oid)


def _offset_in(pack: Pack, oid: RawObjectID) -> int | None:
    try:
        return int(pack.index.object_offset(oid))
    except KeyError:
        return None


def _header(buffer: Buffer, at: int) -> tuple[int, int, int]:
    """An entry's type, its inflated size and where its data starts."""
    byte = buffer[at]
    at += 1
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 0x80:
        byte = buffer[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
    return kind, size, at


def _offset(buffer: Buffer, at: int) -> tuple[int, int]:
    """The distance to an offset delta's base."""
    byte = buffer[at]
    at += 1
    value = byte & 0x7F
    while byte & 0x80:
        byte = buffer[at]
        at += 1
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at


def _delta_result(buffer: Buffer, at: int) -> int:
    """The size of a delta's result: the second number in it."""
    head = zlib.decompressobj().decompress(bytes(buffer[at : at + _HEAD]), 32)
    _, rest = _number(head, 0)
    return _number(head, rest)[0]


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return value, at


def _loose(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            head = zlib.decompressobj().decompress(file.read(_HEAD), 64)
    except FileNotFoundError:
        return None
    size = head.partition(b"\0")[0].partition(b" ")[2]
    return int(size) if size.isdigit() else None
