"""GitLab: merge requests. Ready when `detailed_merge_status` is mergeable and it is not a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests, items, text


class GitLab(PullRequests):
    methods = ("merge", "squash")

    @property
    def _project(self) -> str:
        return f"{self.place.base}/api/v4/projects/{quote(self.place.path, safe='')}"

    def authorization(self) -> Mapping[str, str]:
        return {"PRIVATE-TOKEN": self.token} if self.token else {}

    async def between(self, source: str, target: str) -> list[PullRequest]:
        query = urlencode({"source_branch": source, "target_branch": target, "state": "all", "per_page": 100})
        _, found = await self.call("GET", f"{self._project}/merge_requests?{query}")
        return [_read(one) for one in items(found)]

    async def open(self, proposal: Proposal) -> PullRequest:
        body = {
            "title": proposal.title,
            "description": proposal.description,
            "source_branch": proposal.source,
            "target_branch": proposal.target,
            "labels": ",".join(proposal.labels),
        }
        _, made = await self.call("POST", f"{self._project}/merge_requests", body)
        return _read(made)

    async def get(self, number: int) -> PullRequest:
        _, found = await self.call("GET", f"{self._project}/merge_requests/{number}")
        return _read(found)

    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        if found.draft or found.state != "mergeable":
            raise NotReady(f"the merge request is {found.state or 'a draft'}")
        body = {"squash": True} if method == "squash" else {}
        status, made = await self.call(
            "PUT", f"{self._project}/merge_requests/{found.number}/merge", body, allowed=(200, 405, 406, 409)
        )
        if status != 200:
            raise NotReady(text(made.get("message")) or "it cannot be merged now")
        return _read(made)


def _read(one: dict[str, Any]) -> PullRequest:
    merged = one.get("state") == "merged"
    return PullRequest(
        number=int(one.get("iid") or 0),
        url=text(one.get("web_url")),
        open=one.get("state") in ("opened", "locked"),
        merged=merged,
        draft=bool(one.get("draft")),
        head=text(one.get("sha")),
        merge_commit=(text(one.get("merge_commit_sha")) or text(one.get("squash_commit_sha")) or text(one.get("sha")))
        if merged
        else "",
        created_at=text(one.get("created_at")),
        state=text(one.get("detailed_merge_status")),
    )
