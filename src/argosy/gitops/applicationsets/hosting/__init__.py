"""Clients of the hosts of repositories and pull requests, one file each, named as the generators name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from argosy.gitops.applicationsets.asked import PullRequestHost, RepositoryHost
from argosy.gitops.applicationsets.hosting import gitea, github, gitlab
from argosy.gitops.applicationsets.hosting.web import Web
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials

REPOSITORIES: Final[Mapping[str, Callable[[Web, JsonObject, str, str], RepositoryHost]]] = {
    "github": github.Repositories,
    "gitlab": gitlab.Repositories,
    "gitea": gitea.Repositories,
}
PULL_REQUESTS: Final[Mapping[str, Callable[[Web, JsonObject, str], PullRequestHost]]] = {
    "github": github.PullRequests,
    "gitlab": gitlab.PullRequests,
    "gitea": gitea.PullRequests,
}


class WebHosting:
    """The `asked.Hosting` over HTTP. Hosts that are not in the tables above are refused by name."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        self._egress = egress
        self._clock = clock

    def repositories(self, provider: str, options: JsonObject, token: str, ca: str, protocol: str) -> RepositoryHost:
        make = REPOSITORIES.get(provider)
        if make is None:
            raise _not_served("scmProvider", provider, REPOSITORIES)
        return make(self._web(options, ca), options, token, protocol)

    def pull_requests(self, provider: str, options: JsonObject, token: str, ca: str) -> PullRequestHost:
        make = PULL_REQUESTS.get(provider)
        if make is None:
            raise _not_served("pullRequest", provider, PULL_REQUESTS)
        return make(self._web(options, ca), options, token)

    def _web(self, options: JsonObject, ca: str) -> Web:
        if options.get("appSecretName"):
            raise GeneratorError("appSecretName: GitHub Apps are not served by this version, use tokenRef")
        return Web(self._egress, self._clock, Credentials(ca_pem=ca, insecure=bool(options.get("insecure"))))


def _not_served(generator: str, provider: str, served: Mapping[str, object]) -> GeneratorError:
    return GeneratorError(f"{generator}: {provider} is not served by this version, only {', '.join(served)}")
