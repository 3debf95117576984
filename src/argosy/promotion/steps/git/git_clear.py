"""`git-clear`: removes every file that git tracks, or would track; `.git` stays."""

from __future__ import annotations

from argosy.promotion.steps.git.working_copy import copy_at
from argosy.promotion.steps.kind import Kind, Result, Run, Sort
from argosy.promotion.steps.schema import FILLED, body


async def run(run: Run) -> Result:
    place, _, _ = await copy_at(run, run.job.config["path"])
    await run.tools.git.run(place, "add", "--all", "--force", ".")
    await run.tools.git.run(place, "rm", "-rf", "--quiet", "--ignore-unmatch", "--", ".")
    return Result()


KIND = Kind(name="git-clear", sort=Sort.DIRECTORY, waits=True, schema=body("path", path=FILLED), run=run)
