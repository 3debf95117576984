from __future__ import annotations

from argosy.server.api.live.changes import patched
from argosy.server.api.live.stream import next_tick


def row(name: str, sync: str = "Synced") -> dict[str, str]:
    return {"namespace": "a", "name": name, "sync": sync}


def test_only_rows_that_differ_are_sent_and_the_order_only_when_it_does() -> None:
    before = {"total": 2, "rows": [row("x"), row("y")]}

    assert patched(before, {"total": 2, "rows": [row("x"), row("y")]}) == {}
    assert patched(before, {"total": 2, "rows": [row("x"), row("y", "OutOfSync")]}) == {
        "changed": [row("y", "OutOfSync")]
    }
    assert patched(before, {"total": 1, "rows": [row("y")]}) == {"total": 1, "order": ["a/y"]}
    assert patched(before, {"total": 3, "rows": [row("z"), row("x"), row("y")]}) == {
        "total": 3,
        "changed": [row("z")],
        "order": ["a/z", "a/x", "a/y"],
    }


def test_what_is_no_list_is_a_merge_patch() -> None:
    assert patched({"a": 1, "b": {"c": 1}}, {"b": {"c": 2}}) == {"a": None, "b": {"c": 2}}


def test_streams_with_changes_in_one_pause_send_them_at_one_moment() -> None:
    assert next_tick(10.01, 0.5) == next_tick(10.49, 0.5) == 10.5
    assert next_tick(10.5, 0.5) == 11.0
