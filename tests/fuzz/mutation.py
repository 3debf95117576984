"""Inputs near to real ones: a sample, with pieces of it changed, doubled, cut out or replaced by others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ODD = (
    b"", b"\0", b"\xff", b"\xff\xff\xff\xff", b"\r\n", b"\r\n\r\n", b"\n", b"-1", b"0", b"9" * 400, b"1e999", b"NaN",
    b"null", b"{}", b"[]", b'""', b"../", b"/etc/passwd", b"\x80", b"\xed\xa0\x80", b"&a *a", b"*", b"<<: *",
    b"!!python/object:x", b"%00", b"\x1b[2J", b"k8s\0", b"[" * 300, b"{" * 300, b"\x0a\x80", b"true",
    b"{{", b"}}", b"$(x)", b"://", b"@",
)  # fmt: skip


@st.composite
def mutated(draw: Any, samples: Sequence[bytes]) -> bytes:
    data = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 24)))
        match draw(st.sampled_from(("odd", "cut", "double", "flip", "any", "other"))):
            case "odd":
                data[at:end] = draw(st.sampled_from(ODD))
            case "cut":
                del data[at:end]
            case "double":
                data[at:at] = data[at:end] * draw(st.integers(1, 30))
            case "flip" if data and at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "other":
                other = draw(st.sampled_from(samples))
                start = draw(st.integers(0, len(other)))
                data[at:end] = other[start : start + 40]
            case _:
                data[at:end] = draw(st.binary(max_size=8))
    return bytes(data)


def json_values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    names = st.sampled_from((
        "metadata", "spec", "name", "containers", "image", "$patch", "$setElementOrder/containers", "$retainKeys",
        "$deleteFromPrimitiveList/finalizers", "op", "path", "value", "from", "labels", "ports", "containerPort",
        "template",
    )) | st.text(max_size=8)  # fmt: skip
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))
