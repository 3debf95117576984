"""`compose-output`: its configuration is its output."""

from __future__ import annotations

from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return Result(output=run.job.config)


KIND = Kind(name="compose-output", sort=Sort.PURE, schema={"type": "object", "minProperties": 1}, run=run)
