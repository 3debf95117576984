"""Pushes of a Promotion, when somebody else pushes to the same branch meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import PROMOTIONS
from argosy.promotion.promotions.questions import RunStep
from argosy.promotion.settings import Settings
from tests.kit.promotion import PromotionWorld, git
from tests.promotion.adapters.test_git import made_key
from tests.promotion.test_stories import DIRECT, template


def steps(url: str) -> JsonObject:
    update = {"key": "tag", "value": "${{ ctx.targetFreight.name }}"}
    return template(
        {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": "env", "path": "./src"}]}},
        {"uses": "yaml-update", "config": {"path": "./src/values.yaml", "updates": [update]}},
        {"uses": "git-commit", "as": "commit", "config": {"path": "./src", "message": "promoted"}},
        {"uses": "git-push", "as": "push", "config": {"path": "./src"}},
    )


@pytest.mark.parametrize(
    ("file", "phase", "log"),
    [
        ("other.yaml", "Succeeded", ["promoted", "theirs", "first", "first"]),
        ("values.yaml", "Errored", ["theirs", "first", "first"]),
    ],
)
def test_what_others_pushed_meanwhile_comes_below_our_commit_or_ends_the_promotion_where_it_contradicts(
    tmp_path: Path, file: str, phase: str, log: list[str]
) -> None:
    pushed: list[str] = []

    async def meanwhile(question: RunStep) -> None:
        if question.uses == "git-push" and not pushed:
            pushed.append(world.write("repo", {file: "tag: theirs\n"}, message="theirs", branch="env"))

    with PromotionWorld(tmp_path, slow=meanwhile) as world:
        world.write("repo", {"values.yaml": "tag: none\n"}, message="first")
        world.write("repo", {"values.yaml": "tag: old\n"}, message="first", branch="env")
        world.project()
        world.warehouse("w", world.repository("repo"))
        stage = {"requestedFreight": DIRECT, "promotionTemplate": steps(world.repository("repo"))}
        world.make("Stage", "test", stage)

        promotion = world.promote("test", world.freight()[0])
        world.run_until(lambda: world.phase(promotion) in ("Succeeded", "Failed", "Errored"))

        (found,) = world.list(PROMOTIONS, "demo")
        assert world.phase(promotion) == phase, found["status"]
        assert world.log("repo", "env") == log


def test_a_commit_without_a_difference_is_skipped_and_pushes_nothing(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"values.yaml": "tag: none\n"}, message="first")
        world.write("repo", {"values.yaml": "tag: old\n"}, message="second", branch="env")
        world.project()
        world.warehouse("w", world.repository("repo"))
        url = world.repository("repo")
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": steps(url)})
        world.promote("test", world.freight()[0])
        world.run_until(lambda: world.list(PROMOTIONS, "demo")[0]["status"].get("phase") == "Succeeded")
        head = world.read("repo", "values.yaml", "env")

        again = world.promote("test", world.freight()[0])
        world.run_until(lambda: world.phase(again) == "Succeeded")

        found = next(one for one in world.list(PROMOTIONS, "demo") if one["metadata"]["name"] == again)
        commit, push = found["status"]["stepExecutionMetadata"][2:]
        assert (commit["status"], push["status"]) == ("Skipped", "Succeeded")
        assert found["status"]["state"]["commit"] == {"commit": found["status"]["state"]["push"]["commit"]}
        assert world.log("repo", "env").count("promoted") == 1
        assert world.read("repo", "values.yaml", "env") == head


@pytest.mark.skipif(shutil.which("gpg-agent") is None, reason="gpg is not installed")
@pytest.mark.parametrize(("policy", "phase"), [("RebaseOrMerge", "Succeeded"), ("RebaseOrFail", "Failed")])
def test_a_signature_that_cannot_be_made_again_is_merged_or_ends_the_promotion_and_is_never_dropped(
    tmp_path: Path, policy: str, phase: str
) -> None:
    pushed: list[str] = []
    author = {"name": "a", "email": "a@b.c", "signingKey": made_key(tmp_path / "gpg")}

    async def meanwhile(question: RunStep) -> None:
        if question.uses == "git-push" and not pushed:
            pushed.append(world.write("repo", {"other.yaml": "tag: theirs\n"}, message="theirs", branch="env"))

    with PromotionWorld(tmp_path, slow=meanwhile, settings=Settings(push_integration=policy)) as world:
        world.write("repo", {"values.yaml": "tag: none\n"}, message="first")
        world.write("repo", {"values.yaml": "tag: old\n"}, message="first", branch="env")
        world.project()
        world.warehouse("w", world.repository("repo"))
        made = steps(world.repository("repo"))
        made["spec"]["steps"][2]["config"]["author"] = author
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": made})

        promotion = world.promote("test", world.freight()[0])
        world.run_until(lambda: world.phase(promotion) in ("Succeeded", "Failed", "Errored"))

        assert world.phase(promotion) == phase, world.list(PROMOTIONS, "demo")[0]["status"]
        raw = git(tmp_path / "repo.git", "log", "--format=raw", "env")
        assert ("gpgsig " in raw) == (phase == "Succeeded")
        assert pushed[0] in raw
