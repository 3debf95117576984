"""The runner of steps: an unexpected error of a step is reported by its type alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from argosy.promotion.adapters.step_runner import StepRunner
from argosy.promotion.steps.kind import Status


class Raising:
    """A kind of step whose every run raises something that quotes a secret."""

    name = "raising"
    waits = True

    async def run(self, run: object) -> Any:
        raise ValueError("canary")


def test_an_error_that_nobody_expected_leaves_no_text_in_the_result_or_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    runner = StepRunner(tmp_path, cast(Any, None), cast(Any, None))
    result = asyncio.run(runner._run(cast(Any, Raising()), cast(Any, None)))
    assert (result.status, result.error, result.panicked) == (Status.ERRORED, "ValueError", True)
    assert "step raising failed: ValueError in " in caplog.text
    assert "canary" not in caplog.text
