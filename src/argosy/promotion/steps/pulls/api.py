"""Shared by the pull request steps: the host's API, and the form of a pull request in an output."""

from __future__ import annotations

from typing import Any

from argosy.promotion.adapters.providers import hosted, provider_of
from argosy.promotion.adapters.pulls import PULL_REQUESTS
from argosy.promotion.adapters.pulls.port import PullRequest, PullRequests
from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.kind import Run, StepFault


def api_of(run: Run) -> PullRequests:
    config = run.job.config
    url = config["repoURL"]
    if run.tools.pulls is not None:
        instead: PullRequests = run.tools.pulls(url)
        return instead
    provider = provider_of(url, config.get("provider") or "")
    if not provider:
        raise StepFault(f"no provider of pull requests is known for {url}: name it in `provider`", terminal=True)
    return PULL_REQUESTS[provider](run.tools.send, hosted(url), credentials_of(run, url))


def shown(found: PullRequest, *, state: bool = False) -> dict[str, Any]:
    more = {"open": found.open, "merged": found.merged} if state else {}
    return {"pr": {"id": found.number, "url": found.url, **more}}
