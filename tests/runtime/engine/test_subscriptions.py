"""Subscriptions: a change wakes exactly those who read what it touches."""

from __future__ import annotations

import pytest

from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.engine.lister import owner_uids
from argosy.runtime.engine.subscriptions import (
    Note,
    Subscriptions,
    Work,
    index_note,
    namespace_note,
    object_note,
    served_note,
)
from tests.kit.world import CONFIG_MAPS, SECRETS

WORK = Work("test", Key("ns", "mine"))


def obj(name: str, namespace: str = "ns", *owners: str) -> JsonObject:
    references = [{"uid": uid} for uid in owners]
    return {"metadata": {"name": name, "namespace": namespace, "ownerReferences": references}}


A, OWNED = obj("a"), obj("a", "ns", "o")


@pytest.mark.parametrize(
    ("note", "old", "new", "wakes"),
    [
        (object_note(CONFIG_MAPS, Key("ns", "a")), None, A, True),
        (object_note(CONFIG_MAPS, Key("ns", "a")), A, None, True),
        (object_note(CONFIG_MAPS, Key("ns", "b")), None, A, False),
        (object_note(SECRETS, Key("ns", "a")), None, A, False),
        (namespace_note(CONFIG_MAPS, "ns"), None, A, True),
        (namespace_note(CONFIG_MAPS, "other"), None, A, False),
        (namespace_note(CONFIG_MAPS, ""), None, A, True),
        (index_note(CONFIG_MAPS, "owner-uid", "o"), None, OWNED, True),
        (index_note(CONFIG_MAPS, "owner-uid", "o"), OWNED, A, True),
        (index_note(CONFIG_MAPS, "owner-uid", "o"), None, A, False),
        (index_note(CONFIG_MAPS, "owner-uid", "o"), None, {"metadata": {"name": "x", "ownerReferences": 5}}, False),
        (served_note(CONFIG_MAPS), None, A, False),
    ],
)
def test_a_change_wakes_who_read_what_it_touches(
    note: Note, old: JsonObject | None, new: JsonObject | None, wakes: bool
) -> None:
    woken: list[Work] = []
    subscriptions = Subscriptions(woken.append)
    subscriptions.replace(WORK, frozenset({note}))
    subscriptions.changed(CONFIG_MAPS, {"owner-uid": owner_uids}, (), old, new)
    assert woken == ([WORK] if wakes else [])


def test_only_the_last_look_counts() -> None:
    woken: list[Work] = []
    subscriptions = Subscriptions(woken.append)
    subscriptions.replace(WORK, frozenset({object_note(CONFIG_MAPS, Key("ns", "a"))}))
    subscriptions.replace(WORK, frozenset())
    subscriptions.changed(CONFIG_MAPS, {}, (), None, A)
    assert woken == []


@pytest.mark.parametrize(
    ("old", "new", "wakes"),
    [
        (None, OWNED, True),
        (OWNED, None, True),
        (OWNED, A, True),
        (A, OWNED, True),
        (OWNED, OWNED, False),
        (A, A, False),
    ],
)
def test_of_an_index_of_edges_only_objects_that_come_or_leave_wake(
    old: JsonObject | None, new: JsonObject | None, wakes: bool
) -> None:
    woken: list[Work] = []
    subscriptions = Subscriptions(woken.append)
    subscriptions.replace(WORK, frozenset({index_note(CONFIG_MAPS, "owner-uid", "o")}))
    subscriptions.changed(CONFIG_MAPS, {"owner-uid": owner_uids}, {"owner-uid"}, old, new)
    assert woken == ([WORK] if wakes else [])


def test_a_key_that_read_very_much_is_woken_by_all_of_it_and_by_later_reads() -> None:
    woken: list[Work] = []
    subscriptions = Subscriptions(woken.append)
    names = [f"n{number}" for number in range(100)]
    subscriptions.replace(WORK, [object_note(CONFIG_MAPS, Key("ns", name)) for name in names])
    for name in names:
        subscriptions.changed(CONFIG_MAPS, {}, (), None, obj(name))
    assert woken == [WORK] * 100
    subscriptions.replace(WORK, [object_note(CONFIG_MAPS, Key("ns", "n7"))])
    woken.clear()
    for name in names:
        subscriptions.changed(CONFIG_MAPS, {}, (), None, obj(name))
    assert woken == [WORK]


def test_what_very_many_read_wakes_them_in_the_order_in_which_they_came_but_for_who_let_go() -> None:
    woken: list[Work] = []
    subscriptions = Subscriptions(woken.append)
    works = [Work("test", Key("ns", f"w{number}")) for number in (*range(40, 20, -1), *range(20))]
    for work in works:
        subscriptions.replace(work, [object_note(CONFIG_MAPS, Key("ns", "a"))])
    subscriptions.replace(works[3], [])
    subscriptions.changed(CONFIG_MAPS, {}, (), None, A)
    assert woken == [*works[:3], *works[4:]]
