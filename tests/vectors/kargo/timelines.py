"""Recorded time lines of Kargo's control plane, played against ours: see tests/kit/kargo_timeline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.outcome import Outcome
from tests.vectors.reading import stories


def run(data: Path) -> Iterator[Outcome]:
    from tests.kit.kargo_timeline import played

    for file, story, unread in stories("kargo/timelines", (data / "kargo" / "timelines").glob("*.json"), "project"):
        if unread:
            yield unread
            continue
        with tempfile.TemporaryDirectory() as directory:
            try:
                found = played(story, Path(directory))
            except Exception as error:
                found = [repr(error)]
        yield Outcome("kargo/timelines", file.stem, not found, " | ".join(found)[:3000])
