"""Whose commits GitHub is asked to make, by an API over the repository itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.git import Identity
from argosy.promotion.settings import Settings
from argosy.sources.egress import Answer
from tests.kit.promotion import PromotionWorld, git
from tests.promotion.adapters.test_git import made_key
from tests.promotion.test_stories import DIRECT, template


class GitHubApi:
    """Makes commits and moves branches in the bare repository, as GitHub's Git API does."""

    def __init__(self, repository: Path) -> None:
        self.asked: list[JsonObject] = []
        self._repository = repository

    def answer(self, method: str, url: str, body: JsonObject) -> JsonObject:
        if url.endswith("/git/commits"):
            self.asked.append(body)
            parents = [word for parent in body["parents"] for word in ("-p", parent)]
            made = git(self._repository, "commit-tree", body["tree"], *parents, "-m", body["message"])
            return {"sha": made.strip()}
        branch = body.get("ref") or f"refs/heads/{url.rpartition('/heads/')[2]}"
        git(self._repository, "update-ref", branch, body["sha"])
        return {}


def steps(url: str) -> JsonObject:
    update = {"key": "tag", "value": "${{ ctx.targetFreight.name }}"}
    return template(
        {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": "env", "path": "./src"}]}},
        {"uses": "yaml-update", "config": {"path": "./src/values.yaml", "updates": [update]}},
        {"uses": "git-commit", "config": {"path": "./src", "message": "promoted"}},
        {"uses": "github-push", "as": "push", "config": {"path": "./src"}},
    )


def pushed(tmp_path: Path, settings: Settings) -> JsonObject:
    """The one commit that was asked for."""
    with PromotionWorld(tmp_path, settings=settings) as world:
        api = GitHubApi(tmp_path / "repo.git")
        world._egress.request = _answering(api, world._egress.request)  # type: ignore[method-assign]
        world.write("repo", {"values.yaml": "tag: none\n"}, message="first")
        before = world.write("repo", {"values.yaml": "tag: old\n"}, message="second", branch="env")
        world.project()
        url = world.repository("repo")
        world.warehouse("w", url)
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": steps(url)})
        promotion = world.promote("test", world.freight()[0])
        world.run_until(lambda: world.phase(promotion) in ("Succeeded", "Errored", "Failed"))

        assert world.phase(promotion) == "Succeeded"
        (asked,) = api.asked
        assert asked["parents"] == [before]
        assert world.log("repo", "env")[1:] == ["second", "first"]
        assert "kargo/staging" not in git(tmp_path / "repo.git", "branch", "--list")
        return asked


def _answering(api: GitHubApi, other: Callable[..., Any]) -> Callable[..., Any]:
    async def request(method: str, url: str, credentials: Any, **more: Any) -> Answer:
        if "/api/v3/" not in url:
            found: Answer = await other(method, url, credentials, **more)
            return found
        made = api.answer(method, url, json.loads(more["body"]))
        return Answer(status=201, url=url, headers={}, body=json.dumps(made).encode())

    return request


def test_a_commit_that_no_key_of_ours_signed_keeps_its_author_and_committer(tmp_path: Path) -> None:
    asked = pushed(tmp_path, Settings())
    assert asked["message"] == "promoted"
    for who in ("author", "committer"):
        assert (asked[who]["name"], asked[who]["email"]) == ("Kargo", "no-reply@kargo.io")
        assert asked[who]["date"].startswith("20")


def test_github_signs_it_where_the_operator_wants_all_verified_and_its_author_stays_named(tmp_path: Path) -> None:
    asked = pushed(tmp_path, Settings(github_push_verifies_all=True))
    assert "author" not in asked
    assert asked["message"] == "promoted\n\nCo-authored-by: Kargo <no-reply@kargo.io>"


@pytest.mark.skipif(shutil.which("gpg-agent") is None, reason="gpg is not installed")
def test_github_signs_what_our_key_has_signed(tmp_path: Path) -> None:
    key = made_key(tmp_path / "gpg")
    asked = pushed(tmp_path, Settings(identity=Identity(name="a", email="a@b.c", signing_key=key)))
    assert "author" not in asked
    assert asked["message"] == "promoted"
