"""A line at a simulated terminal is edited as at any other."""

from __future__ import annotations

import pytest

from argosy.cluster.workloads.inside.line import LONGEST, Line


@pytest.mark.parametrize(
    ("typed", "text", "echoed"),
    [
        (b"ls /", "ls /", b"ls /"),
        (b"la\x7fs", "ls", b"la\b \bs"),
        (b"\x7f\x08a", "a", b"a"),
        ("é\x7fe".encode(), "e", "é".encode() + b"\b \be"),
        (b"a\x1b[Ab", "ab", b"ab"),
        (b"a\x1b[1;5Cb", "ab", b"ab"),
        (b"a\x1bOPb\x1bxc", "abc", b"abc"),
        (b"a\tb\x01", "ab", b"ab"),
    ],
)
def test_what_is_typed_becomes_a_line(typed: bytes, text: str, echoed: bytes) -> None:
    line = Line()
    assert b"".join(line.take(byte) for byte in typed) == echoed
    assert line.text.decode() == text


def test_a_line_is_of_a_limited_length() -> None:
    line = Line()
    for _ in range(2 * LONGEST):
        line.take(ord("a"))
    assert len(line.text) == LONGEST
