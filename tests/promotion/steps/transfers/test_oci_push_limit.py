"""How much `oci-push` copies from one repository into another, as the operator says."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.machinery.objects import Key
from argosy.promotion import Settings
from argosy.promotion.kinds import PROMOTIONS
from tests.kit.promotion import PromotionWorld


@pytest.mark.parametrize(
    ("most", "target", "phase", "told"),
    [
        (0, "other", "Errored", "cross-repository push is disabled"),
        (0, "app", "Succeeded", ""),
        (-1, "other", "Succeeded", ""),
    ],
)
def test_a_copy_is_bounded_and_a_new_tag_is_free(tmp_path: Path, most: int, target: str, phase: str, told: str) -> None:
    with PromotionWorld(tmp_path, settings=Settings(oci_push_bytes=most)) as world:
        world.write("repo", {"a.txt": "x"})
        world.registry.push_image("demo/app", "v1", created="2026-01-01T00:00:00Z", content=b"layer")
        world.project("demo")
        world.warehouse("w", world.repository("repo"))
        host = f"127.0.0.1:{world.registry_port}/demo"
        config = {"srcRef": f"{host}/app:v1", "destRef": f"{host}/{target}:v2"}
        origin = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"direct": True}}
        template = {"spec": {"steps": [{"uses": "oci-push", "config": config}]}}
        world.make("Stage", "test", {"requestedFreight": [origin], "promotionTemplate": template})
        world.run_until(lambda: bool(world.freight()))

        name = world.promote("test", world.freight()[0])
        world.run_until(lambda: world.phase(name) in ("Succeeded", "Errored", "Failed"))

        found = world.get(PROMOTIONS, Key("demo", name)) or {}
        assert (world.phase(name), told in str(found["status"].get("message") or "")) == (phase, True)
