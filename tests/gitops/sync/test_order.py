"""In which order objects are applied (spec 7.1)."""

from __future__ import annotations

import pytest

from argosy.gitops.sync.order import wave_of


@pytest.mark.parametrize(
    ("text", "wave"),
    [
        ("3", 3),
        ("-2", -2),
        ("+4", 4),
        ("x", 0),
        ("", 0),
        ("1_0", 0),
        (" 5", 0),
        ("\u0665", 0),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", 0),
        ("99999999999999999999", 0),
        ("1" * 5000, 0),
    ],
)
def test_a_wave_is_a_number_of_64_bits_and_all_else_is_0(text: str, wave: int) -> None:
    assert wave_of({"metadata": {"annotations": {"argocd.argoproj.io/sync-wave": text}}}) == wave
