"""Archives that are made to hurt their reader end with an error, at once and in little memory."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
from typing import Any

import pytest

from argosy.machinery.bounded_tar import HEADER_BYTES, HEADERS, BoundedTar

END = bytes(1024)


def block(name: str, size: int, kind: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.USTAR_FORMAT)


def filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    size = len(rest)
    while size != len(str(size)) + len(rest):
        size = len(str(size)) + len(rest)
    return str(size).encode() + rest


def extended(data: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    return block("x", len(data), kind) + filled(data)


def negative(kind: bytes) -> bytes:
    """A member that says that it is shorter than nothing."""
    made = bytearray(block("f", 0, kind))
    made[124:136] = b"\xff" * 10 + b"\xfc\x00"
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


MEMBER = block("f", 1, tarfile.REGTYPE) + filled(b"1")
SPARSE = record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "f")
MAP = b"400000\n" + b"1\n" * 400_000
ATTACKS: dict[str, bytes] = {
    "headers in front of headers": extended(record("a", "b")) * 5000 + MEMBER + END,
    "global headers in front of headers": extended(record("a", "b"), tarfile.XGLTYPE) * 5000 + MEMBER + END,
    "names in front of names": extended(b"name\0", tarfile.GNUTYPE_LONGNAME) * 5000 + MEMBER + END,
    "a name without end": extended(b"n" * (HEADER_BYTES + 1), tarfile.GNUTYPE_LONGNAME) + MEMBER + END,
    "a header without end": extended(b"9" * (HEADER_BYTES + 1)) + MEMBER + END,
    "a member that goes back": MEMBER + negative(tarfile.REGTYPE) + END,
    "a header that goes back": MEMBER + negative(tarfile.XHDTYPE) + END,
    "a sparse map without end": extended(SPARSE) + block("f", len(MAP), tarfile.REGTYPE) + filled(MAP) + END,
    "an old sparse file": block("f", 0, tarfile.GNUTYPE_SPARSE) + END,
}


def names(data: bytes, mode: Any) -> list[str]:
    with BoundedTar.open(fileobj=io.BytesIO(data), mode=mode) as archive:
        return [member.name for member in archive]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", ["r|", "r:"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_out_of_bounds_ends_the_reading(attack: str, mode: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(tarfile.TarError):
            names(ATTACKS[attack], mode)
        assert tracemalloc.get_traced_memory()[1] < 3 * HEADER_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("mode", ["r|", "r:"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_what_people_pack_is_read(form: int, mode: str) -> None:
    wanted = ["a", "d/b", "d/" * 40 + "c"]
    if form != tarfile.USTAR_FORMAT:
        wanted += ["e" * 3000, "ü" * 100]
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=form, pax_headers={"comment": "c" * 1000}) as archive:
        for name in wanted:
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
    assert names(output.getvalue(), mode) == wanted


def test_as_many_headers_as_are_allowed_are_read() -> None:
    assert names(extended(record("a", "b")) * HEADERS + MEMBER + END, "r|") == ["f"]
    with pytest.raises(tarfile.ReadError, match=f"more than {HEADERS}"):
        names(extended(record("a", "b")) * (HEADERS + 1) + MEMBER + END, "r|")
