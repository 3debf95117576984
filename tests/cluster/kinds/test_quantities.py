from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.kinds.quantities import canonical_quantity, nano_units, rounded_to_milli


@pytest.mark.parametrize(
    ("given_text", "canonical"),
    [
        ("0.5", "500m"), ("1024Mi", "1Gi"), ("1000", "1k"), ("1500", "1500"), ("1.5Gi", "1536Mi"), ("0", "0"), ("0Mi", "0"),
        ("100m", "100m"), ("1000m", "1"), ("-1", "-1"), ("+3", "3"), ("1e3", "1e3"), ("12e4", "120e3"), ("1E", "1E"),
        ("1023", "1023"), ("1Ki", "1Ki"), ("512", "512"), (".5Ki", "512"), ("0.1n", "1n"), ("1000000", "1M"), ("5.", "5"),
        ("1100Mi", "1100Mi"), ("0.0001", "100u"),
    ],
)  # fmt: skip
def test_the_canonical_form_is_the_one_go_prints(given_text: str, canonical: str) -> None:
    assert canonical_quantity(given_text) == canonical


@pytest.mark.parametrize(
    ("fine", "rounded"), [("100u", "1m"), ("1500u", "2m"), ("2m", "2m"), ("1", "1"), ("1Gi", "1Gi")]
)
def test_resource_amounts_are_rounded_up_to_a_thousandth(fine: str, rounded: str) -> None:
    assert rounded_to_milli(fine) == rounded


SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e2", "E-3"]


@given(st.integers(-(10**6), 10**6), st.integers(0, 999), st.sampled_from(SUFFIXES))
def test_canonicalising_keeps_the_value_and_is_idempotent(whole: int, fraction: int, suffix: str) -> None:
    text = f"{whole}.{fraction:03}{suffix}"
    canonical = canonical_quantity(text)
    assert nano_units(canonical) == nano_units(text)
    assert canonical_quantity(canonical) == canonical
