"""Commits that are discovered are those of the branch as it is, however it came to be there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from argosy.machinery.objects import Key
from argosy.promotion.kinds import WAREHOUSES
from tests.kit.promotion import PromotionWorld, git


def discovered(world: PromotionWorld) -> list[str]:
    found = world.get(WAREHOUSES, Key("demo", "w"))
    assert found is not None
    return [one["subject"] for one in found["status"]["discoveredArtifacts"]["git"][0]["commits"]]


def test_a_branch_that_grows_merges_and_is_moved_back_is_discovered_as_git_shows_it(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        for number in range(3):
            world.write("repo", {"a.txt": str(number)}, message=f"commit {number}")
        world.project()
        world.warehouse("w", world.repository("repo"))
        bare = tmp_path / "repo.git"

        def agrees(change: str) -> None:
            told = git(bare, "log", "--first-parent", "--format=%s", "main").splitlines()
            world.run_until(lambda: discovered(world) == told, within=timedelta(hours=3))
            assert discovered(world) == told, change

        agrees("the beginning")
        world.write("repo", {"a.txt": "3"}, message="commit 3")
        world.write("repo", {"a.txt": "4"}, message="commit 4")
        agrees("two more commits")

        copy = tmp_path / "repo-copy"
        git(copy, "checkout", "--quiet", "-B", "side", "HEAD~1")
        git(copy, "commit", "--quiet", "--allow-empty", "-m", "on the side")
        git(copy, "merge", "--quiet", "--no-edit", "-m", "merge of main", "origin/main")
        git(copy, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        agrees("main is the second parent of its new head, so its former head is none of it")

        git(copy, "push", "--quiet", "--force", "origin", "HEAD~2:refs/heads/main")
        agrees("moved back")
        world.write("repo", {"a.txt": "5"}, message="commit 5")
        agrees("grown again")
