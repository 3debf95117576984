"""The recorded exchanges, a test by scenario; `python -m tests.vectors` replays the same with all differences."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ARGOSY_SHARED") or ROOT.parent / "shared") / "data"
sys.path.insert(0, str(ROOT)) if str(ROOT) not in sys.path else None

from tests.vectors.exchanges import run_scenario  # noqa: E402  # after the path to it

SCENARIOS = ("delete", "garbage-collection", "list-negotiation", "namespace-lifecycle")
"""Those that are the core's alone; the other rooms' tests replay the rest."""


@pytest.mark.skipif(not DATA.exists(), reason="recorded exchanges are not present")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_recorded_scenario_is_answered_as_recorded(scenario: str) -> None:
    outcomes = run_scenario(DATA / "kubernetes" / "exchanges" / f"{scenario}.json")
    assert len(outcomes) > 5
    assert [f"{outcome.name}: {outcome.detail}" for outcome in outcomes if not outcome.passed] == []
