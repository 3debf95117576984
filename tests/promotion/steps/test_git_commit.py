"""Who makes a Promotion's commits, and who signs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.kit.promotion import PromotionWorld, git
from tests.promotion.adapters.test_git import made_key
from tests.promotion.steps.test_git_push import steps
from tests.promotion.test_stories import DIRECT


def promoted(world: PromotionWorld) -> str:
    """The author and the raw text of what the Promotion pushed."""
    world.write("repo", {"values.yaml": "tag: none\n"}, message="first")
    world.write("repo", {"values.yaml": "tag: old\n"}, message="second", branch="env")
    world.project()
    world.warehouse("w", world.repository("repo"))
    template = steps(world.repository("repo"))
    world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template})
    promotion = world.promote("test", world.freight()[0])
    world.run_until(lambda: world.phase(promotion) in ("Succeeded", "Errored", "Failed"))
    assert world.phase(promotion) == "Succeeded"
    return git(world.directory / "repo.git", "cat-file", "commit", "env")


def test_commits_are_by_kargo_unless_somebody_else_is_named(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        assert "\nauthor Kargo <no-reply@kargo.io> " in promoted(world)


@pytest.mark.skipif(shutil.which("gpg-agent") is None, reason="gpg is not installed")
def test_commits_are_by_the_git_client_of_the_cluster_config_and_signed_with_its_key(tmp_path: Path) -> None:
    key = made_key(tmp_path / "gpg")
    with PromotionWorld(tmp_path) as world:
        secret = json.dumps({"signingKey": key})
        world.user(
            f"""
apiVersion: v1
kind: Secret
metadata: {{name: key, namespace: kargo-system-resources}}
stringData: {secret}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: ClusterConfig
metadata: {{name: cluster}}
spec:
  gitClient: {{name: Robot, email: robot@example.com, signingKeySecret: {{name: key}}}}
"""
        )

        commit = promoted(world)

        assert "\nauthor Robot <robot@example.com> " in commit
        assert "\ngpgsig -----BEGIN PGP SIGNATURE-----" in commit
