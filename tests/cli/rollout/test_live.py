"""The live view of a Rollout."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

from rich.console import Console

from argosy.cli.rollout.live import screen
from argosy.rollouts.commands.info import Objects, info_of
from tests.kit.rollouts import canary

NOW = datetime(2030, 1, 1, tzinfo=UTC)
STEPS = [{"setWeight": 20}, {"pause": {"duration": "1h"}}, {"setWeight": 60}]


def shown(**objects: Any) -> str:
    status = {
        "phase": "Paused",
        "currentStepIndex": 1,
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2030-01-01T00:00:00Z"}],
    }
    rollout = canary(steps=STEPS, status=status)
    out = StringIO()
    Console(file=out, width=120).print(screen(rollout, info_of(rollout, Objects(**objects)), NOW))
    return out.getvalue()


def test_it_says_what_it_waits_for_and_at_which_step_it_is() -> None:
    text = shown()
    assert "the pause of step 2/3, until 2030-01-01T01:00:00Z" in text
    assert "✔ setWeight: 20" in text
    assert "2 pause: 1h" in text
    assert "3 setWeight: 60" in text


def test_it_shows_analyses_with_their_values_and_conditions() -> None:
    run = {
        "kind": "AnalysisRun",
        "metadata": {"name": "web-2", "ownerReferences": [{"uid": ""}], "creationTimestamp": "2030-01-01T00:00:00Z"},
        "spec": {"metrics": [{"name": "errors", "successCondition": "result < 0.05"}]},
        "status": {
            "phase": "Running",
            "metricResults": [
                {"name": "errors", "phase": "Running", "measurements": [{"value": "0.01"}, {"value": "0.02"}]}
            ],
        },
    }
    text = shown(runs=[run])
    assert "0.01  0.02" in text
    assert "result < 0.05" in text
