"""Under which names a report can be kept."""

from __future__ import annotations

import pytest

from argosy.cli.rehearse import is_label


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("night", True),
        ("pr-17", True),
        ("a" * 50, True),
        ("a" * 51, False),
        ("Night", False),
        ("a.b", False),
        ("-a", False),
    ],
)
def test_a_name_is_checked_before_anything_is_played(name: str, fits: bool) -> None:
    assert is_label(name) == fits
