"""The recorded exchanges, a test by scenario; `python -m tests.vectors` replays the same with all differences."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vectors.exchanges import run_scenario, scenarios

DATA = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "data"


def names() -> list[str]:
    return [path.stem for path in scenarios(DATA)] if DATA.exists() else []


@pytest.mark.skipif(not DATA.exists(), reason="recorded exchanges are not present")
@pytest.mark.parametrize("scenario", names())
def test_a_recorded_scenario_is_answered_as_recorded(scenario: str) -> None:
    outcomes = run_scenario(DATA / "kubernetes" / "exchanges" / f"{scenario}.json")
    assert [
        f"{outcome.name}: {outcome.detail}" for outcome in outcomes if not (outcome.passed or outcome.not_run)
    ] == []
    assert sum(outcome.passed for outcome in outcomes) > 5
