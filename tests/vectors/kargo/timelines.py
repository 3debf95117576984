"""Recorded time lines of Kargo's control plane, played against ours: see tests/kit/kargo_timeline.py."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.outcome import Outcome

OTHER_ROOMS = ("argocd-", "verify-")
"""Those need the rooms of Applications and AnalysisRuns beside this one."""


def run(data: Path) -> Iterator[Outcome]:
    kit = str(Path(__file__).parents[2])
    if kit not in sys.path:
        sys.path.insert(0, kit)
    from kit.kargo_timeline import played

    for file in sorted((data / "kargo" / "timelines").glob("*.json")):
        if file.stem.startswith(OTHER_ROOMS):
            continue
        with tempfile.TemporaryDirectory() as directory:
            try:
                found = played(json.loads(file.read_bytes()), Path(directory))
            except Exception as error:
                found = [repr(error)]
        yield Outcome("kargo/timelines", file.stem, not found, " | ".join(found)[:3000])
