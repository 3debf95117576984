"""What needs attention: the first of many that are alike, and how many there are."""

from __future__ import annotations

from argosy.server.api.home import MOST_ALIKE, Item, grouped


def item(kind: str, reason: str, name: str) -> Item:
    return {
        "kind": kind,
        "namespace": "a",
        "name": name,
        "severity": "attention",
        "reason": reason,
        "message": "",
        "since": "",
        "until": "",
        "facts": {},
    }


def test_many_that_are_alike_leave_room_for_others() -> None:
    many = [item("Application", "OutOfSync", str(number)) for number in range(1000)]
    items, alike = grouped([*many, item("Certificate", "Expired", "last")])
    assert [one["name"] for one in items] == [*map(str, range(MOST_ALIKE)), "last"]
    assert [(one["kind"], one["count"]) for one in alike] == [("Application", 1000), ("Certificate", 1)]
