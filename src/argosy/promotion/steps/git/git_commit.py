"""`git-commit`: commits all changes; it is skipped if there are none.

The commit has the time at which the Promotion started, so that repeated work gives the same commit.
"""

from __future__ import annotations

from pathlib import Path

from argosy.promotion.adapters.git import GitFault, Identity
from argosy.promotion.steps.git.working_copy import copy_at, identity_of
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status
from argosy.promotion.steps.schema import AUTHOR, FILLED, body


async def run(run: Run) -> Result:
    config, git = run.job.config, run.tools.git
    place, _, author = await copy_at(run, config["path"])
    if config.get("author"):
        author = identity_of(run, config["author"])
    await git.run(place, "add", "--all", ".")
    changed = await _committed(run, place, author)
    head = await git.commit_at(place)
    return Result(status=Status.SUCCEEDED if changed else Status.SKIPPED, output={"commit": head})


async def _committed(run: Run, place: Path, author: Identity) -> bool:
    """Whether there was anything to commit. git is only asked for a difference after it has refused to commit."""
    git = run.tools.git
    try:
        await git.commit(place, run.job.config["message"], author, run.job.started_at)
    except GitFault:
        if (await git.attempt(place, "diff", "--cached", "--quiet")).status != 0:
            raise
        return False
    return True


KIND = Kind(
    name="git-commit",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body("path message", author=AUTHOR, message=FILLED, path=FILLED),
    run=run,
)
