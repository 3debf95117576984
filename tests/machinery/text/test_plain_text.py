"""Text of strangers made fit to be shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery.text.plain_text import plain, plain_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\u001b[31mred"), ("a\rb", "a\\rb"), ("a\x07", "a\\u0007"), ("\x9b2J", "\\u009b2J"),
        ("a\x7f", "a\\u007f"), ("a\u202eb", "a\\u202eb"), ("two\nlines\tok", "two\nlines\tok"), ("äé漢😀", "äé漢😀"),
        ("a\u2028b", "a\\u2028b"), ("", ""),
    ],
)  # fmt: skip
def test_what_steers_a_terminal_becomes_visible(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_value_is_one_line() -> None:
    assert plain_line("a\nb\tc\x1b") == "a\\nb\\tc\\u001b"


@given(st.text())
def test_nothing_that_steers_is_left_and_a_json_document_means_the_same(text: str) -> None:
    shown = plain(text)
    assert not any((ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160 for char in shown)
    document = json.dumps({"x": text}, ensure_ascii=False)
    assert json.loads(plain(document)) == {"x": text}
