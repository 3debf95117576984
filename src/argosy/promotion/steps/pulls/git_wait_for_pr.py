"""`git-wait-for-pr`: waits until a pull request is merged, or closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status
from argosy.promotion.steps.pulls.api import api_of, shown
from argosy.promotion.steps.schema import FLAG, PROVIDER, TIME_SPAN, URI, body, integer
from argosy.promotion.steps.timing import poll_interval

POLL: Final = timedelta(seconds=30)


async def run(run: Run) -> Result:
    poll = poll_interval(run, POLL)
    number = int(run.job.config["prNumber"])
    found = await api_of(run).get(number)
    output = shown(found, state=True)
    if found.open:
        return Result(status=Status.RUNNING, output=output, poll=poll)
    if not found.merged:
        error = f"pull request {number} was closed without being merged"
        return Result(status=Status.FAILED, output=output, error=error, terminal=True)
    return Result(output={**output, "commit": found.merge_commit})


KIND = Kind(
    name="git-wait-for-pr",
    sort=Sort.OUTSIDE,
    waits=True,
    schema=body(
        "repoURL prNumber",
        insecureSkipTLSVerify=FLAG,
        provider=PROVIDER,
        pollInterval=TIME_SPAN,
        prNumber=integer(1),
        repoURL=URI,
    ),
    run=run,
    repositories=lambda config: [("git", config["repoURL"])],
)
