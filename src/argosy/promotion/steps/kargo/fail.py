"""`fail`: fails the Promotion."""

from __future__ import annotations

from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status
from argosy.promotion.steps.schema import FILLED, body


def run(run: Run) -> Result:
    message = run.job.config.get("message")
    return Result(status=Status.FAILED, error=f"failed: {message}" if message else "failed", terminal=True)


KIND = Kind(name="fail", sort=Sort.PURE, schema=body(message=FILLED), run=run)
