"""A Rollout that another controller left half-way is taken over without a change: no pod is restarted.

All middle states of the recorded stories are tried by `make vectors`; here every tenth story, at each of its waits.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.vectors.rollouts_takeovers import is_at_work, quiet_ends, taken_over

DATA = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "data"
STORIES = sorted((DATA / "rollouts/timelines").glob("*.json"))[::10]


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_nothing_changes_when_ours_takes_over_where_the_real_controller_rested(file: Path) -> None:
    story = json.loads(file.read_bytes())
    for number in quiet_ends(story):
        if not is_at_work(story, number):
            assert taken_over(story, number) == []
