"""Reports that are kept in the cluster."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from argosy.rehearse.keeping import FIELD, KEPT, TooLarge, config_map, oldest, report_of
from argosy.runtime.chance import SeededRng

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


def test_the_oldest_go() -> None:
    made = [
        {"metadata": {"name": str(n), "creationTimestamp": f"2030-01-01T00:{n // 60:02}:{n % 60:02}Z"}}
        for n in range(KEPT + 2)
    ]
    assert sorted(one["metadata"]["name"] for one in oldest(made)) == ["0", "1"]
