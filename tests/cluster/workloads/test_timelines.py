"""Workloads go through the states that a real cluster was recorded in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vectors.workloads import run

SHARED = Path(os.environ.get("ARGOSY_SHARED", Path(__file__).parents[4] / "shared"))
DATA = SHARED / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded vectors are not here: set ARGOSY_SHARED")
def test_every_recorded_timeline_is_followed() -> None:
    outcomes = list(run(DATA))
    assert len(outcomes) > 50
    assert [f"{outcome.name}: {outcome.detail}" for outcome in outcomes if not outcome.passed] == []
