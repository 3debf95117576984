"""What was acknowledged survives SIGKILL: the real server process, killed ten times in mid-write."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_ten_kills_under_load_lose_and_double_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    from bench.kill import rounds

    known = asyncio.run(rounds(tmp_path, 10, 0.3))
    assert known.writes > 20
    assert known.problems == []
