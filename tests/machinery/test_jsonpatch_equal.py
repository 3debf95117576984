from __future__ import annotations

import pytest

from argosy.machinery.objects import JsonValue
from argosy.machinery.patches.jsonpatch import equal

MANY: list[JsonValue] = [{"name": f"n-{number}", "number": number} for number in range(100)]


@pytest.mark.parametrize(
    ("last", "other", "same"),
    [
        (1, 1.0, True), (1, True, False), (0, False, False), (None, False, False), ({"a": 1}, {"a": True}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ([1, [True]], [1, [1]], False), ("a", "b", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [[], MANY])
def test_long_lists_are_equal_as_short_ones_are(
    last: JsonValue, other: JsonValue, same: bool, before: list[JsonValue]
) -> None:
    assert equal([*before, last], [*before, other]) is same
    assert not equal([*before, last], before)
