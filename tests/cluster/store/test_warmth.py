"""What stays decoded, and that packed objects behave the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.store import Change, Entry
from argosy.cluster.store.entry import encode
from argosy.cluster.store.packing import LARGEST
from argosy.cluster.store.warmth import FRAMES, Warmth
from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject, Key


def content(number: int) -> JsonObject:
    return {"metadata": {"name": f"n{number}", "labels": {"é": "ü"}}, "data": [number, 1.5, None, True]}


def entries(warmth: Warmth, count: int) -> list[Entry]:
    return [Entry(Key("", f"n{number}"), number, number, content(number), warmth=warmth) for number in range(count)]


def test_no_more_than_the_limit_stay_decoded_and_the_others_are_the_same_objects() -> None:
    made = entries(Warmth(limit=3), 10)
    assert [entry.is_decoded for entry in made] == [False] * 7 + [True] * 3
    assert [entry.obj for entry in made] == [content(number) for number in range(10)]
    assert sum(entry.is_decoded for entry in made) == 3


def test_what_was_used_since_the_hand_passed_stays() -> None:
    warmth = Warmth(limit=3)
    first, *_ = entries(warmth, 3)
    assert first.obj
    entries(warmth, 2)
    assert first.is_decoded


def test_a_glance_warms_nothing() -> None:
    made = entries(Warmth(limit=1), 3)
    assert [entry.peek for entry in made] == [content(number) for number in range(3)]
    assert [entry.is_decoded for entry in made] == [False, False, True]


@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["obj", "peek", "encoded", "cool"])), max_size=60))
def test_whatever_is_asked_in_any_order_an_entry_stays_what_it_is(steps: list[tuple[int, str]]) -> None:
    made = entries(Warmth(limit=2), 8)
    for number, step in steps:
        entry = made[number]
        if step == "cool":
            entry.cool()
        elif step == "encoded":
            assert entry.encoded.startswith(b'{"metadata"')
        else:
            assert getattr(entry, step) == content(number)


def test_events_of_old_changes_are_made_again_when_they_are_asked_for() -> None:
    warmth = Warmth()
    changes = [Change("", "things", number, None, entry) for number, entry in enumerate(entries(warmth, FRAMES + 2))]
    for change in changes:
        change.frames["ADDED", "v1"] = WatchEvent("ADDED", change.obj)  # type: ignore[assignment]  # any value does
        warmth.framed(change)
    assert [bool(change.frames) for change in changes] == [False, False] + [True] * FRAMES


def test_large_objects_stay_decoded_by_what_they_weigh_and_not_by_their_number() -> None:
    warmth = Warmth(bytes_limit=2500)
    made = [
        Entry(Key("", f"n{number}"), number, number, content(number), encoded=b"x" * 1000, warmth=warmth)
        for number in range(5)
    ]
    assert [entry.is_decoded for entry in made] == [False] * 3 + [True] * 2


def test_what_is_heavier_than_all_room_is_let_go_at_once() -> None:
    warmth = Warmth(bytes_limit=100)
    entry = Entry(Key("", "n"), 1, 1, content(1), encoded=b"x" * 1000, warmth=warmth)
    assert not entry.is_decoded


def test_a_large_state_that_no_history_leads_to_takes_the_place_of_none_that_lives() -> None:
    large = {**content(0), "data": "x" * (LARGEST + 1)}
    size = len(encode(large))
    warmth = Warmth(bytes_limit=3 * size)

    def entry(rev: int) -> Entry:
        return Entry(Key("", f"n{rev}"), rev, rev, large, encoded=encode(large), warmth=warmth)

    old, first, second = entry(1), entry(2), entry(3)
    warmth.replaced(Change("", "things", 4, old, None))
    warmth.forget(4)
    assert old.obj  # it was used: the hand would pass it by
    third = entry(5)

    assert [one.is_decoded for one in (first, second, third)] == [True, True, True]
