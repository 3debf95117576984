"""A preview runs the steps on real repositories, and leaves everything as it was."""

from __future__ import annotations

from pathlib import Path

from argosy.apis.kargo import Freight, Stage
from argosy.apis.schema import read
from argosy.machinery.objects import Key
from argosy.promotion.kinds import FREIGHT, PROMOTIONS
from argosy.promotion.preview.previewing import Doors, Previewed, as_json, previewed, text_of
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.promotion import PromotionWorld, git
from tests.promotion.test_stories import DIRECT, template


def preview(world: PromotionWorld, stage: str, freight: str) -> Previewed:
    """With the world's renderer, if it has one."""

    async def run() -> Previewed:
        egress = Egress(EgressPolicy(allow_loopback=True))
        doors = Doors(clock=world.clock, rng=world.rng, egress=egress, renderer=world.renderer, allow_local=True)
        piece = world.get(FREIGHT, Key("demo", freight))
        assert piece is not None
        client = world.cluster.client("kubernetes-admin", ("system:masters",))
        try:
            return await previewed(client, doors, read(Stage, world.stage(stage)), read(Freight, piece))
        finally:
            await egress.close()

    return world.run(run())


def test_a_preview_shows_commits_diffs_pull_requests_and_gates_and_pushes_nothing(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"values.yaml": "# kept\ntag: old\n"}, message="first")
        world.project()
        world.warehouse("w", world.repository("repo"))
        url = world.repository("repo")
        update = {"key": "tag", "value": "${{ ctx.targetFreight.name }}"}
        proposal = {
            "repoURL": url,
            "provider": "gitea",
            "sourceBranch": "${{ outputs.push.branch }}",
            "targetBranch": "main",
        }
        waits = {"repoURL": url, "provider": "gitea", "prNumber": "${{ outputs.open.pr.id }}"}
        steps = template(
            {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": "main", "path": "./src"}]}},
            {"uses": "yaml-update", "config": {"path": "./src/values.yaml", "updates": [update]}},
            {"uses": "git-commit", "config": {"path": "./src", "message": "next"}},
            {"uses": "git-push", "as": "push", "config": {"path": "./src", "generateTargetBranch": True}},
            {"uses": "git-open-pr", "as": "open", "config": proposal},
            {"uses": "git-wait-for-pr", "config": waits},
            {"uses": "http", "config": {"url": "http://127.0.0.1:1/never", "method": "POST"}},
        )
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": steps})
        (name,) = world.freight()
        before = git(tmp_path / "repo.git", "for-each-ref")

        found = preview(world, "test", name)

        effects = found.effects
        assert [one.status for one in effects] == ["Succeeded"] * 7, effects
        push = "\n".join(effects[3].lines)
        assert "pushes to refs/heads/kargo/promotion/test." in push
        assert push.count("  commit ") == 1
        assert "next" in push
        assert f"+tag: {name}" in push
        assert "opens a pull request" in effects[4].lines[0]
        assert '-> main, "next"' in effects[4].lines[0]
        assert effects[0].lines == (f"checks out {git(tmp_path / 'repo.git', 'rev-parse', 'main')[:12]} as ./src",)
        assert effects[1].lines == (
            "changes src/values.yaml",
            "  @@ -1,2 +1,2 @@",
            "   # kept",
            "  -tag: old",
            f"  +tag: {name}",
        )
        assert effects[2].lines == ('commits "next"',)
        assert "GATE" in effects[5].lines[0]
        assert "sends POST" in effects[6].lines[0]
        assert git(tmp_path / "repo.git", "for-each-ref") == before
        assert found.follows
        assert not world.list(PROMOTIONS, "demo")
        assert as_json(found)["wouldSucceed"]


def test_a_step_that_would_fail_fails_in_the_preview(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"values.yaml": "tag: old\n"}, message="first")
        world.project()
        world.warehouse("w", world.repository("repo"))
        checkout = [{"branch": "absent", "path": "./src"}]
        clone = {"uses": "git-clone", "config": {"repoURL": world.repository("repo"), "checkout": checkout}}
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template(clone)})
        (name,) = world.freight()

        found = preview(world, "test", name)

        (effect,) = found.effects
        assert not found.would_succeed
        assert effect.status == "Errored"
        assert 'remote branch "absent"' in effect.lines[0]


def test_what_a_secret_of_the_project_holds_is_hidden_in_a_preview(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"values.yaml": "tag: old\n"}, message="first")
        world.project()
        world.user(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {kargo.akuity.io/cred-type: generic}}\n"
            "stringData: {password: swordfish}\n"
        )
        url = world.repository("repo")
        world.user(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: g, labels: {kargo.akuity.io/cred-type: git}}\n"
            f"stringData: {{repoURL: {url}, username: dana, password: halibut}}\n"
        )
        world.warehouse("w", url)
        update = {"key": "tag", "value": "${{ secret('s').password }}"}
        steps = template(
            {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": "main", "path": "./src"}]}},
            {"uses": "yaml-update", "config": {"path": "./src/values.yaml", "updates": [update]}},
            {"uses": "git-commit", "config": {"path": "./src", "message": "to ${{ secret('s').password }}"}},
            {"uses": "git-push", "config": {"path": "./src"}},
            {"uses": "fail", "config": {"message": "with ${{ secret('s').password }}"}},
        )
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": steps})
        (name,) = world.freight()

        found = preview(world, "test", name)

        assert "swordfish" not in text_of(found)
        assert "swordfish" not in str(as_json(found))
        assert "+tag: ***" in text_of(found)
        assert "with ***" in text_of(found)
        assert f"of {url}" in text_of(found)
