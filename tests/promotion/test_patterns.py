"""Errors of invalid regular expressions have the wording of Go's library, as conditions contain them."""

from __future__ import annotations

import pytest

from argosy.promotion.patterns import PatternError, regex


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(", "missing closing ): `(`"),
        ("a[b", "missing closing ]: `[b`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("(?x)", "invalid or unsupported Perl syntax: `(?x`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("x)", "unexpected ): `x)`"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_reported_in_gos_words(text: str, told: str) -> None:
    with pytest.raises(PatternError) as caught:
        regex(text)

    assert str(caught.value) == f"error parsing regexp: {told}"
