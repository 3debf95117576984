"""GitHub, and GitHub Enterprise under its own host.

Ready to merge (spec/kargo-steps.md 9.1): `mergeable_state` clean, unstable or has_hooks; blocked and behind are tried,
a 405 there means not ready; dirty is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests, items, text
from argosy.promotion.steps.kind import StepFault


class GitHub(PullRequests):
    methods = ("merge", "squash", "rebase")

    @property
    def api(self) -> str:
        host = urlsplit(self.place.base).netloc
        if host == "github.com":
            return "https://api.github.com"
        if host.endswith(".ghe.com"):
            return f"https://api.{host}"
        return f"{self.place.base}/api/v3"

    @property
    def _repository(self) -> str:
        return f"{self.api}/repos/{quote(self.place.path)}"

    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def between(self, source: str, target: str) -> list[PullRequest]:
        query = urlencode({"head": f"{self.place.owner}:{source}", "base": target, "state": "all", "per_page": 100})
        _, found = await self.call("GET", f"{self._repository}/pulls?{query}")
        return [_read(one) for one in items(found)]

    async def open(self, proposal: Proposal) -> PullRequest:
        body = {
            "title": proposal.title,
            "body": proposal.description,
            "head": proposal.source,
            "base": proposal.target,
        }
        _, made = await self.call("POST", f"{self._repository}/pulls", body)
        opened = _read(made)
        if proposal.labels:
            await self.call(
                "POST", f"{self._repository}/issues/{opened.number}/labels", {"labels": list(proposal.labels)}
            )
        return opened

    async def get(self, number: int) -> PullRequest:
        _, found = await self.call("GET", f"{self._repository}/pulls/{number}")
        return _read(found)

    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        if found.draft or found.state in ("draft", "unknown", ""):
            raise NotReady(f"the pull request is {found.state or 'being looked at'}")
        if found.state == "dirty":
            raise StepFault("the pull request has conflicts", terminal=True)
        body = {"merge_method": method} if method else {}
        status, answer = await self.call(
            "PUT", f"{self._repository}/pulls/{found.number}/merge", body, allowed=(200, 405, 409)
        )
        message = text(answer.get("message"))
        if status == 200:
            return await self.get(found.number)
        if status == 405 and "method" in message.lower() and "not allowed" in message.lower():
            raise StepFault(f"merge method {method!r} is not allowed", terminal=True)
        raise NotReady(message or "it cannot be merged now")


def _read(one: dict[str, Any]) -> PullRequest:
    merged = bool(one.get("merged") or one.get("merged_at"))
    return PullRequest(
        number=int(one.get("number") or 0),
        url=text(one.get("html_url")),
        open=one.get("state") == "open",
        merged=merged,
        draft=bool(one.get("draft")),
        head=text((one.get("head") or {}).get("sha")),
        merge_commit=text(one.get("merge_commit_sha")) if merged else "",
        created_at=text(one.get("created_at")),
        mergeable=one.get("mergeable"),
        state=text(one.get("mergeable_state")),
    )
