"""Pull requests through the APIs of their hosts: one file for each provider, listed in `PULL_REQUESTS`."""

from __future__ import annotations

from typing import Final

from argosy.promotion.adapters.pulls.azure import Azure
from argosy.promotion.adapters.pulls.bitbucket import Bitbucket
from argosy.promotion.adapters.pulls.gitea import Gitea
from argosy.promotion.adapters.pulls.github import GitHub
from argosy.promotion.adapters.pulls.gitlab import GitLab
from argosy.promotion.adapters.pulls.port import PullRequests

PULL_REQUESTS: Final[dict[str, type[PullRequests]]] = {
    "azure": Azure,
    "bitbucket": Bitbucket,
    "gitea": Gitea,
    "github": GitHub,
    "gitlab": GitLab,
}
