"""Fields without effect get a warning from admission, and do not change what is promoted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.reading import LiveReading
from argosy.promotion.admission.review import Reviewer
from argosy.promotion.admission.unapplied import REASON, unapplied
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT, template

WINDOW = {"name": "night", "kind": "Deny", "dtstart": "20000101T000000Z", "rrule": "FREQ=DAILY"}


def test_windows_and_rollbacks_get_a_warning_and_nothing_else_does() -> None:
    policies: list[JsonObject] = [{"stage": "a"}, {"stage": "b", "autoRollback": {"onPromotion": ["Failed"]}}]
    spec = {"promotionPolicies": policies, "promotionWindows": [WINDOW]}

    assert unapplied("ProjectConfig", {"spec": spec}) == [
        f"spec.promotionPolicies[1].autoRollback {REASON}",
        f"spec.promotionWindows {REASON}",
    ]
    assert unapplied("ClusterConfig", {"spec": {"promotionWindows": [WINDOW]}}) == [f"spec.promotionWindows {REASON}"]
    assert unapplied("ProjectConfig", {"spec": {"promotionPolicies": [{"stage": "a"}]}}) == []
    assert unapplied("Stage", {"spec": spec}) == []


def test_a_window_warns_its_writer_and_holds_up_no_promotion(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        world.write("repo", {"a.txt": "x"})
        world.project()
        config = {"promotionPolicies": [{"stage": "test", "autoPromotionEnabled": True}], "promotionWindows": [WINDOW]}
        made = world.make("ProjectConfig", "demo", config)
        world.warehouse("w", world.repository("repo"))
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template({"uses": "copy"})})
        world.run_until(lambda: bool((world.stage("test").get("status") or {}).get("lastPromotion")))

        answer = world.run(_answer(world, made))

        assert answer["response"]["warnings"] == [f"spec.promotionWindows {REASON}"]
        assert answer["response"]["allowed"]


async def _answer(world: PromotionWorld, config: JsonObject) -> Any:
    client = world.cluster.client("kubernetes-admin", ("system:masters",))
    reviewer = Reviewer(LiveReading(client), world.clock, world.rng)
    request = {
        "uid": "u",
        "operation": "UPDATE",
        "kind": {"group": "kargo.akuity.io", "version": "v1alpha1", "kind": "ProjectConfig"},
        "resource": {"group": "kargo.akuity.io", "version": "v1alpha1", "resource": "projectconfigs"},
        "namespace": "demo",
        "name": "demo",
        "object": config,
        "oldObject": config,
        "userInfo": {"username": "dana"},
    }
    body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
    return json.loads(await reviewer.answer("/validate", body.encode()))
