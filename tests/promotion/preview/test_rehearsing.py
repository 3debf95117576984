"""A preview runs the steps on real repositories, and leaves everything as it was."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion import Settings
from argosy.promotion.adapters.tools import Tools, threaded
from argosy.promotion.kinds import FREIGHT, SECRETS, STAGES, WAREHOUSES
from argosy.promotion.preview.git import PreviewGit
from argosy.promotion.preview.loaded import Loaded
from argosy.promotion.preview.rehearsing import Effect, Preview, gates
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.registry import RegistryClient
from kit.promotion import PromotionWorld, git
from promotion.test_stories import DIRECT, template


def previewed(world: PromotionWorld, promotion: JsonObject, directory: Path) -> list[Effect]:
    async def run() -> list[Effect]:
        clock, egress, threads = RealClock(), Egress(EgressPolicy(allow_loopback=True)), ThreadPoolExecutor(2)
        tool = PreviewGit(threaded(clock, threads), allow_local=True)
        tool.pushes = []
        tools = Tools(
            git=tool,
            egress=egress,
            registry=RegistryClient(egress, clock),
            renderer=None,
            clock=clock,
            rng=SystemRng(),
            threads=threads,
        )
        objects = {kind: world.list(kind, "demo") for kind in (STAGES, FREIGHT, WAREHOUSES, SECRETS)}
        preview = Preview(Loaded(objects), Settings(), tools, tool, directory)
        stage = world.stage("test")
        piece = world.get(FREIGHT, Key("demo", promotion["spec"]["freight"]))
        assert piece is not None
        try:
            return await preview.effects(promotion, stage, piece, clock.now())
        finally:
            await egress.close()
            threads.shutdown()

    return asyncio.run(run())


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
            {"uses": "git-push", "as": "push", "config": {"path": "./src", "targetBranch": "main"}},
            {"uses": "git-open-pr", "as": "open", "config": proposal},
            {"uses": "git-wait-for-pr", "config": waits},
            {"uses": "http", "config": {"url": "http://127.0.0.1:1/never", "method": "POST"}},
        )
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": steps})
        (name,) = world.freight()
        promotion = world.built("test", name)
        before = git(tmp_path / "repo.git", "for-each-ref")

        effects = previewed(world, promotion, tmp_path / "promotion-preview")

        assert [one.status for one in effects] == ["Succeeded"] * 7, effects
        push = "\n".join(effects[3].lines)
        assert "pushes to refs/heads/main" in push
        assert "next" in push
        assert f"+tag: {name}" in push
        assert "opens a pull request" in effects[4].lines[0]
        assert "GATE" in effects[5].lines[0]
        assert "sends POST" in effects[6].lines[0]
        assert git(tmp_path / "repo.git", "for-each-ref") == before
        assert gates(world.stage("test"), world.list(STAGES, "demo"))


def test_a_step_that_would_fail_fails_in_the_preview(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"values.yaml": "tag: old\n"}, message="first")
        world.project()
        world.warehouse("w", world.repository("repo"))
        checkout = [{"branch": "absent", "path": "./src"}]
        clone = {"uses": "git-clone", "config": {"repoURL": world.repository("repo"), "checkout": checkout}}
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template(clone)})
        (name,) = world.freight()

        (effect,) = previewed(world, world.built("test", name), tmp_path / "promotion-preview")

        assert effect.status == "Errored"
        assert 'remote branch "absent"' in effect.lines[0]
