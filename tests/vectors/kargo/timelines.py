"""Recorded time lines of Kargo's control plane, played against ours: see tests/kit/kargo_timeline."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.outcome import Outcome


def run(data: Path) -> Iterator[Outcome]:
    from tests.kit.kargo_timeline import played

    for file in sorted((data / "kargo" / "timelines").glob("*.json")):
        with tempfile.TemporaryDirectory() as directory:
            try:
                found = played(json.loads(file.read_bytes()), Path(directory))
            except Exception as error:
                found = [repr(error)]
        yield Outcome("kargo/timelines", file.stem, not found, " | ".join(found)[:3000])
