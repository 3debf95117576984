"""Azure DevOps."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from argosy.promotion.adapters.providers import azure_parts
from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests, items, text
from argosy.promotion.steps.kind import StepFault

VERSION = "7.1"
BRANCH = "refs/heads/"


class Azure(PullRequests):
    methods = ("noFastForward", "rebase", "rebaseMerge", "squash")

    @property
    def _base(self) -> str:
        host = urlsplit(self.place.base).netloc
        own = host not in ("dev.azure.com", "ssh.dev.azure.com") and not host.endswith("visualstudio.com")
        return self.place.base if own else "https://dev.azure.com"

    @property
    def _pulls(self) -> str:
        organisation, project, repository = (quote(part, safe="") for part in azure_parts(self.place))
        return f"{self._base}/{organisation}/{project}/_apis/git/repositories/{repository}/pullrequests"

    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f':{self.token}'.encode()).decode()}"} if self.token else {}

    async def between(self, source: str, target: str) -> list[PullRequest]:
        query = {
            "searchCriteria.sourceRefName": BRANCH + source,
            "searchCriteria.targetRefName": BRANCH + target,
            "searchCriteria.status": "all",
            "api-version": VERSION,
        }
        _, found = await self.call("GET", f"{self._pulls}?{urlencode(query)}")
        return [self._read(one) for one in items(found.get("value"))]

    async def open(self, proposal: Proposal) -> PullRequest:
        body = {
            "title": proposal.title,
            "description": proposal.description,
            "sourceRefName": BRANCH + proposal.source,
            "targetRefName": BRANCH + proposal.target,
            "labels": [{"name": label} for label in proposal.labels],
        }
        _, made = await self.call("POST", f"{self._pulls}?api-version={VERSION}", body)
        return self._read(made)

    async def get(self, number: int) -> PullRequest:
        _, found = await self.call("GET", f"{self._pulls}/{number}?api-version={VERSION}")
        return self._read(found)

    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        if found.draft or found.state in ("queued", "notSet"):
            raise NotReady("the pull request is a draft or still being looked at")
        if found.state in ("conflicts", "failure", "rejectedByPolicy"):
            raise StepFault(f"the pull request cannot be merged: {found.state}", terminal=True)
        body: dict[str, Any] = {"status": "completed", "lastMergeSourceCommit": {"commitId": found.head}}
        if method:
            body["completionOptions"] = {"mergeStrategy": method}
        await self.call("PATCH", f"{self._pulls}/{found.number}?api-version={VERSION}", body)
        done = await self.get(found.number)
        if not done.merged:
            raise NotReady("the merge is under way")
        return done

    def _read(self, one: dict[str, Any]) -> PullRequest:
        organisation, project, repository = azure_parts(self.place)
        number, merged = int(one.get("pullRequestId") or 0), one.get("status") == "completed"
        return PullRequest(
            number=number,
            url=f"{self._base}/{organisation}/{project}/_git/{repository}/pullrequest/{number}",
            open=one.get("status") == "active",
            merged=merged,
            draft=bool(one.get("isDraft")),
            head=text((one.get("lastMergeSourceCommit") or {}).get("commitId")),
            merge_commit=text((one.get("lastMergeCommit") or {}).get("commitId")) if merged else "",
            created_at=text(one.get("creationDate")),
            state=text(one.get("mergeStatus")),
        )
