from __future__ import annotations

import pytest

from argosy.apis.rollouts.steps import Pause
from argosy.apis.schema import read
from argosy.rollouts.arithmetic.durations import pause_seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [(10, 10), ("10", 10), ("1h30m", 5400), ("1500ms", 1), ("soon", -1), ("-5", -5), (None, 0)]
)
def test_a_pause_is_a_number_of_seconds_or_a_go_duration(text: int | str | None, seconds: int) -> None:
    assert pause_seconds(read(Pause, {"duration": text})) == seconds
