"""The published description of Kargo's REST API: each operation is one that the server answers."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.outcome import Outcome

NAME = re.compile(r"\{[^}]*\}")


def run(data: Path) -> Iterator[Outcome]:
    from tests.kit.kargo_api import KargoApi
    from tests.kit.promotion import PromotionWorld

    published = json.loads((data / "kargo/openapi-v2.json").read_text())
    with tempfile.TemporaryDirectory() as directory, PromotionWorld(Path(directory)) as world, KargoApi(world) as api:
        served = {(one.method, _shape(f"/v1beta1{one.path}")) for one in api.router.endpoints}
    for path, methods in published["paths"].items():
        for method in methods:
            found = (method.upper(), _shape(path)) in served
            yield Outcome("kargo/openapi", f"{method.upper()} {path}", found, "no such endpoint is served")


def _shape(path: str) -> str:
    """Whatever the names in it are called."""
    return NAME.sub("{}", path)
