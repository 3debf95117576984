"""One project with a Warehouse and two Stages, and Kargo's API over it, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.kargo_api import KargoApi
from tests.kit.promotion import PromotionWorld


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PromotionWorld]:
    place: Path = tmp_path_factory.mktemp("kargo")
    with PromotionWorld(place) as made:
        made.write("repo", {"README.md": "hello\n"})
        made.project("demo")
        made.warehouse("w", f"http://127.0.0.1:{made.git_port}/repo.git")
        steps = [{"uses": "compose-output", "as": "out", "config": {"tag": "x"}}]
        for name, sources in (("test", {"direct": True}), ("prod", {"stages": ["test"]})):
            request = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": sources}
            made.make("Stage", name, {"requestedFreight": [request], "promotionTemplate": {"spec": {"steps": steps}}})
        made.pass_time(5)
        yield made


@pytest.fixture(scope="package")
def api(world: PromotionWorld) -> Iterator[KargoApi]:
    with KargoApi(world) as made:
        made.sign_in()
        yield made


@pytest.fixture(scope="package")
def freight(world: PromotionWorld) -> str:
    return world.freight()[0]
