"""Simulated pull requests: opened by Promotions, merged in the copies on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests
from argosy.promotion.steps.kind import StepFault
from argosy.rehearse.repositories import Repositories
from argosy.sources.port import SourceError
from argosy.sources.urls import normalise_url

METHODS = ("", "merge", "squash", "rebase")


@dataclass(slots=True)
class Opened:
    proposal: Proposal
    request: PullRequest


@dataclass(slots=True)
class Host:
    """The pull requests of one repository."""

    url: str
    opened: dict[int, Opened] = field(default_factory=dict)


class Forge:
    """`of` is the port through which pull request steps work (`promotion.adapters.tools.Tools.pulls`)."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._hosts: dict[str, Host] = {}

    def of(self, url: str) -> PullRequests:
        return _SimulatedPullRequests(self, self._host(url))

    def waiting(self) -> list[tuple[str, Opened]]:
        """All open pull requests, with their repository's URL."""
        return [(host.url, one) for host in self._hosts.values() for one in host.opened.values() if one.request.open]

    async def merge(self, url: str, number: int) -> str:
        """Merges and returns the merge commit. Raises SourceError if it does not exist, or conflicts."""
        host = self._host(url)
        found = host.opened.get(number)
        if found is None:
            known = ", ".join(map(str, host.opened)) or "none"
            raise SourceError(f"{url} has no pull request {number}; there are: {known}")
        if not found.request.open:
            return found.request.merge_commit
        proposal = found.proposal
        message = f"Merge pull request #{number}: {proposal.title}"
        commit = await self._repositories.merge(url, proposal.source, proposal.target, message)
        found.request = replace(found.request, open=False, merged=True, merge_commit=commit)
        return commit

    def _host(self, url: str) -> Host:
        return self._hosts.setdefault(normalise_url(url), Host(url))


class _SimulatedPullRequests(PullRequests):
    methods = METHODS

    def __init__(self, forge: Forge, host: Host) -> None:
        self._forge, self._of = forge, host

    async def between(self, source: str, target: str) -> list[PullRequest]:
        wanted = source, target
        return [one.request for one in self._of.opened.values() if (one.proposal.source, one.proposal.target) == wanted]

    async def open(self, proposal: Proposal) -> PullRequest:
        number = len(self._of.opened) + 1
        url = f"{self._of.url.removesuffix('.git')}/pull/{number} (rehearsed)"
        made = PullRequest(number=number, url=url, open=True, merged=False, mergeable=True)
        self._of.opened[number] = Opened(proposal, made)
        return made

    async def get(self, number: int) -> PullRequest:
        found = self._of.opened.get(number)
        if found is None:
            raise StepFault(f"pull request {number} of {self._of.url} is not known to the rehearsal", terminal=True)
        return found.request

    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        try:
            await self._forge.merge(self._of.url, found.number)
        except SourceError as error:
            raise NotReady(str(error)) from None
        return self._of.opened[found.number].request

    def authorization(self) -> Mapping[str, str]:
        return {}
