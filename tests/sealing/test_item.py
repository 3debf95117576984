"""The format of one item: what is sealed opens, and only so."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.sealing.item import NO_KEY, ItemError, NotBase64, decoded, opened, seal
from tests.kit.sealing import private

KEY, OTHER = private(0), private(1)
SESSION = bytes(range(32))


@given(value=st.binary(max_size=400), label=st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_every_value_opens_under_its_label_and_no_other(value: bytes, label: str) -> None:
    item = decoded(seal(KEY.public_key(), label, value, SESSION))
    assert opened(item, [OTHER, KEY], label) == (value, KEY)
    with pytest.raises(ItemError, match=NO_KEY):
        opened(item, [KEY], label + "x")
    with pytest.raises(ItemError, match=NO_KEY):
        opened(item, [OTHER], label)


@given(at=st.integers(0, 297), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_any_changed_bit_is_found(at: int, bit: int) -> None:
    item = bytearray(decoded(seal(KEY.public_key(), "ns/n", b"x" * 24, SESSION)))
    item[at % len(item)] ^= 1 << bit
    with pytest.raises(ItemError, match=NO_KEY):
        opened(bytes(item), [KEY], "ns/n")


@given(data=st.binary(max_size=600))
@settings(max_examples=100, deadline=None)
def test_bytes_that_are_no_item_have_the_one_answer(data: bytes) -> None:
    with pytest.raises(ItemError, match=NO_KEY):
        opened(data, [KEY], "ns/n")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("###", 0), ("ab#d", 2), ("abc", 0), ("abcde", 4), ("=abc", 0), ("a===", 1), ("ab=c", 2), ("ab==cd==", 4),
        ("ab=", 3), ("abc=d", 4), ("a-_b", 1), ("abcd\nab#", 7), ("ä", 0), ("a\nbc", 1), ("ab=\n", 4), ("bä#", 1),
    ],
)  # fmt: skip
def test_bad_base64_is_reported_at_the_byte_where_go_stops(text: str, at: int) -> None:
    with pytest.raises(NotBase64) as found:
        decoded(text)
    assert str(found.value) == f"illegal base64 data at input byte {at}"


def test_line_breaks_in_base64_are_skipped() -> None:
    text = base64.b64encode(b"some bytes that are long enough").decode()
    assert decoded(text[:7] + "\r\n" + text[7:9] + "\n" + text[9:]) == b"some bytes that are long enough"
