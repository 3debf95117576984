"""What argocd-update does about an operation that somebody else began."""

from __future__ import annotations

from pathlib import Path

from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key
from argosy.promotion.kinds import APPLICATIONS
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
