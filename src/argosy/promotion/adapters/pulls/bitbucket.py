"""Bitbucket Cloud."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests, items, text


class Bitbucket(PullRequests):
    methods = ("merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge")

    @property
    def _pulls(self) -> str:
        base = "https://api.bitbucket.org" if urlsplit(self.place.base).netloc == "bitbucket.org" else self.place.base
        return f"{base}/2.0/repositories/{quote(self.place.path)}/pullrequests"

    def authorization(self) -> Mapping[str, str]:
        if not self.token:
            return {}
        if self._credentials.username and self._credentials.username != "x-token-auth":
            pair = f"{self._credentials.username}:{self.token}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {"Authorization": f"Bearer {self.token}"}

    async def between(self, source: str, target: str) -> list[PullRequest]:
        wanted = f'source.branch.name="{_quoted(source)}" AND destination.branch.name="{_quoted(target)}"'
        states = [("state", state) for state in ("OPEN", "MERGED", "DECLINED", "SUPERSEDED")]
        _, found = await self.call("GET", f"{self._pulls}?{urlencode([('q', wanted), ('pagelen', '50'), *states])}")
        return [_read(one) for one in items(found.get("values"))]

    async def open(self, proposal: Proposal) -> PullRequest:
        body = {
            "title": proposal.title,
            "description": proposal.description,
            "source": {"branch": {"name": proposal.source}},
            "destination": {"branch": {"name": proposal.target}},
        }
        _, made = await self.call("POST", self._pulls, body)
        return _read(made)

    async def get(self, number: int) -> PullRequest:
        _, found = await self.call("GET", f"{self._pulls}/{number}")
        return _read(found)

    async def merge(self, found: PullRequest, method: str) -> PullRequest:
        if found.draft:
            raise NotReady("the pull request is a draft")
        body = {"type": "pullrequest", **({"merge_strategy": method} if method else {})}
        status, made = await self.call(
            "POST", f"{self._pulls}/{found.number}/merge", body, allowed=(200, 202, 409, 555)
        )
        if status in (409, 555):
            raise NotReady("it cannot be merged now")
        return await self.get(found.number) if status == 202 else _read(made)


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _read(one: dict[str, Any]) -> PullRequest:
    merged = one.get("state") == "MERGED"
    return PullRequest(
        number=int(one.get("id") or 0),
        url=text(((one.get("links") or {}).get("html") or {}).get("href")),
        open=one.get("state") == "OPEN",
        merged=merged,
        draft=bool(one.get("draft")),
        head=text(((one.get("source") or {}).get("commit") or {}).get("hash")),
        merge_commit=text((one.get("merge_commit") or {}).get("hash")) if merged else "",
        created_at=text(one.get("created_on")),
    )
