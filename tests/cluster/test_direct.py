"""The client in the same process: what is long to read is read in turns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from argosy.cluster.direct import AT_ONCE, _taken_out

KIND: Any = SimpleNamespace(from_storage=lambda obj: obj)


def entries(count: int, size: int, *, is_decoded: bool = False) -> list[Any]:
    return [SimpleNamespace(is_decoded=is_decoded, size=size, peek={"number": number}) for number in range(count)]


@pytest.mark.parametrize(
    ("given", "pauses"),
    [
        (entries(100, 1000), 0),
        (entries(50, AT_ONCE // 4), 12),
        (entries(3, 2 * AT_ONCE), 3),
        (entries(50, AT_ONCE, is_decoded=True), 0),
        ([], 0),
    ],
)
def test_a_page_of_long_objects_is_decoded_in_pieces_and_is_whole(given: list[Any], pauses: int) -> None:
    work, seen = _taken_out(given, KIND), 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            assert end.value == [{"number": number} for number in range(len(given))]
            break
        seen += 1
    assert seen == pauses
