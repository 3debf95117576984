"""Reports of rehearsals in ConfigMaps."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from argosy.runtime.chance import SeededRng
from argosy.server.rehearsal_reports import FIELD, TooLarge, config_map, report_of

REPORT: dict[str, Any] = {
    "name": "first", "outcome": "failed", "reason": "x" * 2000, "timeline": [],
    "differences": [{"application": "a", "objects": [{"kind": "K", "lines": ["+a"]}]}],
}  # fmt: skip


def test_a_report_comes_back_as_it_was_kept() -> None:
    made = config_map("argocd", REPORT)
    assert made["metadata"]["name"] == "rehearsal-first"
    assert made["metadata"]["labels"]["argosy.dev/rehearsal-outcome"] == "failed"
    assert len(made["metadata"]["annotations"]["argosy.dev/rehearsal-reason"]) == 1000
    assert report_of(made) == REPORT


def test_a_large_report_loses_the_lines_of_its_differences_before_it_is_refused() -> None:
    noise = SeededRng(7)
    lines = [noise.token_bytes(60).hex() for _ in range(20_000)]
    objects = [{"kind": "K", "lines": lines}]
    made = config_map("argocd", {**REPORT, "differences": [{"application": "a", "objects": objects}]})
    found = report_of(made)
    assert found is not None
    assert found["differences"] == [{"application": "a", "objects": [{"kind": "K", "lines": []}]}]
    with pytest.raises(TooLarge, match="takes"):
        config_map("argocd", {**REPORT, "timeline": lines})


@pytest.mark.parametrize(
    "text", ["", "!", base64.b64encode(b"no gzip").decode(), base64.b64encode(gzip.compress(b"[]", mtime=0)).decode()]
)
def test_what_is_no_report_is_passed_over(text: str) -> None:
    assert report_of({"metadata": {"name": "x"}, "binaryData": {FIELD: text}}) is None
