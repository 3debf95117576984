"""Gitea (and Forgejo, which speaks the same). Ready when it is `mergeable` and no draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests, items, text
from argosy.promotion.steps.kind import StepFault

PAGES = 20


class Gitea(PullRequests):
    methods = ("merge", "rebase", "rebase-merge", "squash", "fast-forward-only", "manually-merged")

    @property
    def _repository(self) -> str:
        return f"{self.place.base}/api/v1/repos/{quote(self.place.path)}"

    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"token {self.token}"} if self.token else {}

    async def between(self, source: str, target: str) -> list[PullRequest]:
        found: list[PullRequest] = []
        for page in range(1, PAGES + 1):
            _, part = await self.call("GET", f"{self._repository}/pulls?state=all&limit=50&page={page}")
            found += [
                _read(one)
                for one in items(part)
                if (one.get("head") or {}).get("ref") == source and (one.get("base") or {}).get("ref") == target
            ]
            if len(items(part)) < 50:
                break
        return found

    async def open(self, proposal: Proposal) -> PullRequest:
        body: dict[str, Any] = {
            "title": proposal.title,
            "body": proposal.description,
            "head": proposal.source,
            "base": proposal.target,
        }
        if proposal.labels:
            body["labels"] = await self._labels(proposal.labels)
        _, made = await self.call("POST", f"{self._repository}/pulls", body)
        return _read(made)

    async def _labels(self, names: tuple[str, ...]) -> list[int]:
        """Gitea expects their ids."""
        _, found = await self.call("GET", f"{self._repository}/labels?limit=100")
        known = {text(one.get("name")): int(one.get("id") or 0) for one in items(found)}
        if missing := [name for name in names if name not in known]:
            raise StepFault(f"the repository has no label {', '.join(missing)}", terminal=True)
        return [known[name] for name in names]

    async def get(self, number: int) -> PullRequest:
        _, found = await self.call("GET", f"{self._repository}/pulls/{number}")
        return _read(found)

    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        if found.draft or not found.mergeable:
            raise NotReady("the pull request is a draft" if found.draft else "the pull request is not mergeable")
        status, answer = await self.call(
            "POST",
            f"{self._repository}/pulls/{found.number}/merge",
            {"Do": method or "merge"},
            allowed=(200, 204, 405, 409),
        )
        if status in (405, 409):
            raise NotReady(text(answer.get("message")) or "it cannot be merged now")
        return await self.get(found.number)


def _read(one: dict[str, Any]) -> PullRequest:
    merged = bool(one.get("merged"))
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
    )
