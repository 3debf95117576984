"""`git-tag`: creates an annotated tag in the working copy's repository; `git-push` pushes it."""

from __future__ import annotations

from argosy.promotion.steps.git.working_copy import copy_at
from argosy.promotion.steps.kind import Kind, Result, Run, Sort
from argosy.promotion.steps.schema import FILLED, FLAG


async def run(run: Run) -> Result:
    config, git = run.job.config, run.tools.git
    place, _, author = await copy_at(run, config["path"])
    moment = f"{int(run.job.started_at.timestamp())} +0000" if run.job.started_at else "0 +0000"
    environment = {
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": author.email,
        "GIT_COMMITTER_DATE": moment,
    }
    force = ["--force"] if config.get("force") else []
    await git.run(
        place, "tag", "--annotate", *force, "-m", config["message"], "--", config["tag"], environment=environment
    )
    return Result(output={"commit": await git.commit_at(place)})


KIND = Kind(
    name="git-tag",
    sort=Sort.DIRECTORY,
    waits=True,
    schema={
        "type": "object",
        "required": ["path", "tag", "message"],
        "properties": {"force": FLAG, "message": FILLED, "tag": FILLED, "path": FILLED},
    },
    run=run,
)
