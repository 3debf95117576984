"""Pushes of a Promotion, when somebody else pushes to the same branch meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import PROMOTIONS
from argosy.promotion.promotions.questions import RunStep
from tests.kit.promotion import PromotionWorld
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
