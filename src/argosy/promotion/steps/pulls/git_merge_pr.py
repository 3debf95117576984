"""`git-merge-pr`: merges a pull request, at once or as soon as possible. A merged one counts as done."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from argosy.promotion.adapters.pulls.port import NotReady
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.pulls.api import api_of
from argosy.promotion.steps.schema import FILLED, FLAG, PROVIDER, TIME_SPAN, URI, body, integer
from argosy.promotion.steps.timing import poll_interval

POLL: Final = timedelta(seconds=10)


async def run(run: Run) -> Result:
    config, api, poll = run.job.config, api_of(run), poll_interval(run, POLL)
    method, number = config.get("mergeMethod") or "", int(config["prNumber"])
    if method and method not in api.methods:
        error = f'unsupported merge method "{method}": it can be {", ".join(api.methods)}'
        return Result(status=Status.FAILED, error=error, terminal=True)
    try:
        found = await api.get(number)
        if found.merged:
            return Result(output={"commit": found.merge_commit})
        if not found.open:
            raise StepFault(f"pull request {number} is closed but not merged")
        return Result(output={"commit": (await api.merge(found, method)).merge_commit})
    except NotReady as reason:
        if config.get("wait"):
            return Result(status=Status.RUNNING, poll=poll, message=str(reason))
        error = f"pull request {number} is not ready to be merged: {reason}"
        return Result(status=Status.FAILED, error=error, terminal=True)
    except StepFault as fault:
        error = f"error merging pull request {number}: {fault}"
        return Result(status=Status.FAILED, error=error, terminal=True)


KIND = Kind(
    name="git-merge-pr",
    sort=Sort.OUTSIDE,
    waits=True,
    schema=body(
        "repoURL prNumber",
        repoURL=URI,
        prNumber=integer(1),
        provider=PROVIDER,
        insecureSkipTLSVerify=FLAG,
        wait=FLAG,
        pollInterval=TIME_SPAN,
        mergeMethod=FILLED,
    ),
    run=run,
    repositories=lambda config: [("git", config["repoURL"])],
)
