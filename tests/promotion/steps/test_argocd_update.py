"""What argocd-update does about an operation that somebody else began."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import APPLICATIONS, PROMOTIONS
from argosy.promotion.settings import Settings
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT

APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: web
  namespace: argocd
  annotations: {kargo.akuity.io/authorized-stage: "demo:test"}
spec:
  project: default
  source: {repoURL: "https://git.example/web.git", path: ., targetRevision: main}
  destination: {server: "https://kubernetes.default.svc", namespace: web}
"""
RUNNING = {
    "status": {"operationState": {"phase": "Running", "operation": {"sync": {}}, "startedAt": "2026-01-01T00:00:00Z"}}
}


def test_an_operation_of_somebody_else_is_waited_for_and_is_no_error(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"a": "1"}, message="first")
        world.project()
        world.warehouse("w", world.repository("repo"))
        world.user(APPLICATION)
        place = Key("argocd", "web")
        steps = [{"uses": "argocd-update", "config": {"apps": [{"name": "web"}]}}]
        template = {"spec": {"steps": steps}}
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template})
        world.run(world.kubectl.patch(APPLICATIONS, place.name, place.namespace, RUNNING, PatchType.MERGE))

        promotion = world.promote("test", world.freight()[0])
        world.pass_time(60)
        assert world.phase(promotion) == "Running"
        assert "operation" not in (world.get(APPLICATIONS, place) or {})

        over = {"status": {"operationState": {"phase": "Succeeded", "finishedAt": "2026-01-01T00:01:00Z"}}}
        world.run(world.kubectl.patch(APPLICATIONS, place.name, place.namespace, over, PatchType.MERGE))
        world.run_until(lambda: "operation" in (world.get(APPLICATIONS, place) or {}))
        asked = (world.get(APPLICATIONS, place) or {})["operation"]
        assert {"name": "kargo.akuity.io/promotion", "value": promotion} in asked["info"]


def promotion_that(world: PromotionWorld, *steps: JsonObject) -> JsonObject:
    """What became of it."""
    world.write("repo", {"a": "1"}, message="first")
    world.project()
    world.warehouse("w", world.repository("repo"))
    template = {"spec": {"steps": list(steps)}}
    world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template})
    promotion = world.promote("test", world.freight()[0])
    world.run_until(lambda: "operation" in (world.get(APPLICATIONS, Key("delivery", "web")) or {}) or _ended(world))
    (found,) = [one for one in world.list(PROMOTIONS, "demo") if one["metadata"]["name"] == promotion]
    return found


def _ended(world: PromotionWorld) -> bool:
    return any((one.get("status") or {}).get("finishedAt") for one in world.list(PROMOTIONS, "demo"))


def test_an_application_without_a_namespace_is_looked_for_where_the_operator_says(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path, settings=Settings(argocd_namespace="delivery")) as world:
        world.user("apiVersion: v1\nkind: Namespace\nmetadata: {name: delivery}\n")
        world.user(APPLICATION.replace("namespace: argocd", "namespace: delivery"))

        promotion_that(world, {"uses": "argocd-update", "config": {"apps": [{"name": "web"}]}})

        assert "operation" in (world.get(APPLICATIONS, Key("delivery", "web")) or {})


@pytest.mark.parametrize(("uses", "doing"), [("argocd-update", "update"), ("argocd-wait", "wait for")])
def test_without_the_integration_a_step_that_names_applications_fails_and_says_so(
    tmp_path: Path, uses: str, doing: str
) -> None:
    with PromotionWorld(tmp_path, settings=Settings(argocd_enabled=False)) as world:
        world.user(APPLICATION)

        found = promotion_that(world, {"uses": uses, "config": {"apps": [{"name": "web"}]}})

        assert found["status"]["phase"] == "Errored"
        text = f"Argo CD integration is disabled on this controller; cannot {doing} Argo CD Application resources"
        assert text in found["status"]["message"]
        assert "operation" not in (world.get(APPLICATIONS, Key("argocd", "web")) or {})
