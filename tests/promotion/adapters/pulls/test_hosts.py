"""What each host of pull requests is asked, and how its answers are read; they have the shape of its published API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.providers import hosted, provider_of
from argosy.promotion.adapters.pulls import PULL_REQUESTS
from argosy.promotion.adapters.pulls.port import NotReady, Proposal, PullRequest, PullRequests
from argosy.promotion.steps.kind import StepFault
from argosy.sources.egress import Answer
from argosy.sources.port import Credentials

PROPOSAL = Proposal(source="kargo/p", target="main", title="promote", description="why")
AZURE = "https://dev.azure.com/acme/shop/_apis/git/repositories/web/pullrequests"
GITHUB: JsonObject = {
    "number": 7,
    "html_url": "https://github.com/acme/web/pull/7",
    "state": "open",
    "head": {"sha": "a" * 40},
    "mergeable_state": "clean",
}
GITLAB: JsonObject = {
    "iid": 7,
    "web_url": "https://gitlab.com/acme/web/-/merge_requests/7",
    "state": "opened",
    "sha": "a" * 40,
    "detailed_merge_status": "mergeable",
}
GITEA: JsonObject = {
    "number": 7,
    "html_url": "https://gitea.example/acme/web/pulls/7",
    "state": "open",
    "head": {"sha": "a" * 40, "ref": "kargo/p"},
    "base": {"ref": "main"},
    "mergeable": True,
}
BITBUCKET: JsonObject = {
    "id": 7,
    "links": {"html": {"href": "https://bitbucket.org/acme/web/pull-requests/7"}},
    "state": "OPEN",
    "source": {"commit": {"hash": "a" * 40}},
}
AZURES: JsonObject = {
    "pullRequestId": 7,
    "status": "active",
    "mergeStatus": "succeeded",
    "lastMergeSourceCommit": {"commitId": "a" * 40},
}
DONE = "b" * 40


class Host:
    """Gives its answers one after another, and keeps what it was asked."""

    def __init__(self, url: str, *answers: tuple[int, Any]) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: dict[str, str] = {}
        self._answers = list(answers)
        credentials = Credentials(username="kargo", password="token")
        self.api: PullRequests = PULL_REQUESTS[provider_of(url)](self._send, hosted(url), credentials)

    async def _send(self, method: str, url: str, credentials: Credentials, **more: Any) -> Answer:
        assert not credentials.password, "a token goes by the header that the host wants"
        self.headers = dict(more["headers"])
        self.asked.append((method, url, json.loads(more["body"]) if more["body"] else None))
        status, body = self._answers.pop(0)
        return Answer(status=status, url=url, headers={}, body=json.dumps(body).encode())


def run(made: Awaitable[Any]) -> Any:
    async def waited() -> Any:
        return await made

    return asyncio.run(waited())


@pytest.mark.parametrize(
    ("url", "answer", "asked", "body", "page"),
    [
        (
            "https://github.com/acme/web.git",
            GITHUB,
            "https://api.github.com/repos/acme/web/pulls",
            {"title": "promote", "body": "why", "head": "kargo/p", "base": "main"},
            GITHUB["html_url"],
        ),
        (
            "git@gitlab.com:acme/web.git",
            GITLAB,
            "https://gitlab.com/api/v4/projects/acme%2Fweb/merge_requests",
            {
                "title": "promote",
                "description": "why",
                "source_branch": "kargo/p",
                "target_branch": "main",
                "labels": "",
            },
            GITLAB["web_url"],
        ),
        (
            "https://gitea.example/acme/web",
            GITEA,
            "https://gitea.example/api/v1/repos/acme/web/pulls",
            {"title": "promote", "body": "why", "head": "kargo/p", "base": "main"},
            GITEA["html_url"],
        ),
        (
            "https://bitbucket.org/acme/web",
            BITBUCKET,
            "https://api.bitbucket.org/2.0/repositories/acme/web/pullrequests",
            {
                "title": "promote",
                "description": "why",
                "source": {"branch": {"name": "kargo/p"}},
                "destination": {"branch": {"name": "main"}},
            },
            "https://bitbucket.org/acme/web/pull-requests/7",
        ),
        (
            "https://dev.azure.com/acme/shop/_git/web",
            AZURES,
            f"{AZURE}?api-version=7.1",
            {
                "title": "promote",
                "description": "why",
                "sourceRefName": "refs/heads/kargo/p",
                "targetRefName": "refs/heads/main",
                "labels": [],
            },
            "https://dev.azure.com/acme/shop/_git/web/pullrequest/7",
        ),
    ],
)
def test_a_pull_request_is_opened_as_its_host_wants_it(
    url: str, answer: JsonObject, asked: str, body: JsonObject, page: str
) -> None:
    host = Host(url, (201, answer))
    made = run(host.api.open(PROPOSAL))
    assert host.asked == [("POST", asked, body)]
    assert (made.number, made.url, made.open, made.merged, made.head) == (7, page, True, False, "a" * 40)


@pytest.mark.parametrize(
    ("url", "name", "value"),
    [
        ("https://github.com/a/b", "Authorization", "Bearer token"),
        ("https://gitlab.com/a/b", "PRIVATE-TOKEN", "token"),
        ("https://gitea.example/a/b", "Authorization", "token token"),
        ("https://bitbucket.org/a/b", "Authorization", "Basic a2FyZ286dG9rZW4="),
        ("https://dev.azure.com/a/b/_git/c", "Authorization", "Basic OnRva2Vu"),
    ],
)
def test_the_token_is_sent_in_the_header_of_the_host(url: str, name: str, value: str) -> None:
    host = Host(url, (200, {}))
    run(host.api.get(7))
    assert host.headers[name] == value


@pytest.mark.parametrize(
    ("url", "before", "answers", "asked"),
    [
        (
            "https://github.com/acme/web",
            GITHUB,
            [(200, {"merged": True}), (200, {**GITHUB, "state": "closed", "merged": True, "merge_commit_sha": DONE})],
            ("PUT", "https://api.github.com/repos/acme/web/pulls/7/merge", {"merge_method": "squash"}),
        ),
        (
            "https://gitlab.com/acme/web",
            GITLAB,
            [(200, {**GITLAB, "state": "merged", "merge_commit_sha": None, "squash_commit_sha": DONE})],
            ("PUT", "https://gitlab.com/api/v4/projects/acme%2Fweb/merge_requests/7/merge", {"squash": True}),
        ),
        (
            "https://gitea.example/acme/web",
            GITEA,
            [(200, {}), (200, {**GITEA, "state": "closed", "merged": True, "merge_commit_sha": DONE})],
            ("POST", "https://gitea.example/api/v1/repos/acme/web/pulls/7/merge", {"Do": "squash"}),
        ),
        (
            "https://bitbucket.org/acme/web",
            BITBUCKET,
            [(200, {**BITBUCKET, "state": "MERGED", "merge_commit": {"hash": DONE}})],
            (
                "POST",
                "https://api.bitbucket.org/2.0/repositories/acme/web/pullrequests/7/merge",
                {"type": "pullrequest", "merge_strategy": "squash"},
            ),
        ),
        (
            "https://dev.azure.com/acme/shop/_git/web",
            AZURES,
            [(200, {}), (200, {**AZURES, "status": "completed", "lastMergeCommit": {"commitId": DONE}})],
            (
                "PATCH",
                f"{AZURE}/7?api-version=7.1",
                {
                    "status": "completed",
                    "lastMergeSourceCommit": {"commitId": "a" * 40},
                    "completionOptions": {"mergeStrategy": "squash"},
                },
            ),
        ),
    ],
)
def test_a_pull_request_is_merged_and_its_commit_is_known(
    url: str, before: JsonObject, answers: list[tuple[int, Any]], asked: tuple[str, str, Any]
) -> None:
    host = Host(url, (200, before), *answers)
    done = run(host.api.merge(run(host.api.get(7)), "squash"))
    assert host.asked[1] == asked
    assert (done.merged, done.open, done.merge_commit) == (True, False, DONE)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/acme/web", {**GITHUB, "mergeable_state": "unknown"}),
        ("https://gitlab.com/acme/web", {**GITLAB, "detailed_merge_status": "ci_still_running"}),
        ("https://gitea.example/acme/web", {**GITEA, "mergeable": False}),
        ("https://bitbucket.org/acme/web", {**BITBUCKET, "draft": True}),
        ("https://dev.azure.com/acme/shop/_git/web", {**AZURES, "mergeStatus": "queued"}),
    ],
)
def test_what_is_not_ready_is_not_tried(url: str, found: JsonObject) -> None:
    host = Host(url, (200, found))
    seen: PullRequest = run(host.api.get(7))
    with pytest.raises(NotReady):
        run(host.api.merge(seen, ""))
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/acme/web", {**GITHUB, "mergeable_state": "dirty"}),
        ("https://dev.azure.com/acme/shop/_git/web", {**AZURES, "mergeStatus": "conflicts"}),
    ],
)
def test_conflicts_end_it(url: str, found: JsonObject) -> None:
    host = Host(url, (200, found))
    seen: PullRequest = run(host.api.get(7))
    with pytest.raises(StepFault) as fault:
        run(host.api.merge(seen, ""))
    assert fault.value.terminal
