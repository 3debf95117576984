"""Clients of hosts of repositories and pull requests, one file each, named like the generators' fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from argosy.apis.argoproj.applicationset.references import ProviderCredentials
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import PullRequestHost, RepositoryHost
from argosy.gitops.applicationsets.hosting import (
    aws_codecommit,
    azure_devops,
    bitbucket,
    bitbucket_server,
    gitea,
    github,
    gitlab,
)
from argosy.gitops.applicationsets.hosting.github_metrics import GitHubMetrics
from argosy.gitops.applicationsets.hosting.web import Web
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress
from argosy.sources.github_app import GitHubApps
from argosy.sources.port import Credentials, SourceError

AWS: Final = "awsCodeCommit"
"""The one host that is not reached through our own HTTP client."""
REPOSITORIES: Final[Mapping[str, Callable[[Web, JsonObject, str, str], RepositoryHost]]] = {
    "github": github.Repositories,
    "gitlab": gitlab.Repositories,
    "gitea": gitea.Repositories,
    "bitbucket": bitbucket.Repositories,
    "bitbucketServer": bitbucket_server.Repositories,
    "azureDevOps": azure_devops.Repositories,
}
PULL_REQUESTS: Final[Mapping[str, Callable[[Web, JsonObject, str], PullRequestHost]]] = {
    "github": github.PullRequests,
    "gitlab": gitlab.PullRequests,
    "gitea": gitea.PullRequests,
    "bitbucket": bitbucket.PullRequests,
    "bitbucketServer": bitbucket_server.PullRequests,
    "azuredevops": azure_devops.PullRequests,
}


class WebHosting:
    """The `asked.Hosting` over HTTP."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        self._egress = egress
        self._clock = clock
        self._apps = GitHubApps(egress, clock)
        self._metrics = GitHubMetrics()

    def repositories(self, provider: str, options: JsonObject, token: str, ca: str, protocol: str) -> RepositoryHost:
        if provider == AWS:
            return aws_codecommit.Repositories(self._clock, options, protocol)
        return REPOSITORIES[provider](self._web(provider, options, ca), options, token, protocol)

    def pull_requests(self, provider: str, options: JsonObject, token: str, ca: str) -> PullRequestHost:
        return PULL_REQUESTS[provider](self._web(provider, options, ca), options, token)

    async def app_token(self, app: Credentials) -> str:
        try:
            return (await self._apps.effective(app)).password
        except SourceError as error:
            raise GeneratorError(f"appSecretName: {error}") from None

    def _web(self, provider: str, options: JsonObject, ca: str) -> Web:
        credentials = Credentials(ca_pem=ca, insecure=read(ProviderCredentials, options).insecure)
        return Web(self._egress, self._clock, credentials, self._metrics if provider == "github" else None)
