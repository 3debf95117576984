"""Reports that are kept in the cluster."""

from __future__ import annotations

from argosy.rehearse.keeping import KEPT, oldest


def test_the_oldest_go() -> None:
    made = [
        {"metadata": {"name": str(n), "creationTimestamp": f"2030-01-01T00:{n // 60:02}:{n % 60:02}Z"}}
        for n in range(KEPT + 2)
    ]
    assert sorted(one["metadata"]["name"] for one in oldest(made)) == ["0", "1"]
