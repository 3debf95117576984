"""Lanes: fair, bounded, and never losing one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from argosy.runtime.engine.lanes import Lanes


def test_lanes_take_turns_and_one_gets_at_most_its_share() -> None:
    lanes: Lanes[str] = Lanes(limit=3, per_lane=2)
    for item in ("a1", "a2", "a3", "a4", "b1", "b2"):
        lanes.add(item[0], item)
    assert [item for _, item in lanes.take()] == ["a1", "b1", "a2"]
    lanes.done("b")
    assert [item for _, item in lanes.take()] == ["b2"]
    lanes.done("b")
    assert list(lanes.take()) == [], "lane a has its share"
    lanes.done("a")
    assert [item for _, item in lanes.take()] == ["a3"]


def test_what_was_removed_is_never_taken() -> None:
    lanes: Lanes[str] = Lanes(limit=1, per_lane=1)
    lanes.add("a", "a1")
    lanes.add("a", "a2")
    assert lanes.remove("a", "a1")
    assert not lanes.remove("a", "a1")
    assert [item for _, item in lanes.take()] == ["a2"]


class Compared:
    """Counts how often it is compared."""

    count = 0

    def __eq__(self, other: object) -> bool:
        Compared.count += 1
        return self is other

    def __hash__(self) -> int:
        return id(self) >> 4


def test_one_is_found_without_a_look_at_the_others_that_wait() -> None:
    lanes: Lanes[Compared] = Lanes(limit=1, per_lane=1)
    items = [Compared() for _ in range(1000)]
    for item in items[:500]:
        lanes.add("a", item, later=True)
    for item in items[500:]:
        lanes.add("a", item)
    Compared.count = 0
    for item in items[:500]:
        lanes.advance("a", item)
    for item in reversed(items):
        assert lanes.remove("a", item)
        assert not lanes.remove("a", item)
    assert Compared.count < 1000, "a few hashes may be alike, no more"
    assert len(lanes) == 0


@given(st.lists(st.sampled_from("abc")), st.integers(1, 4), st.integers(1, 3))
def test_everything_is_taken_once_and_no_limit_is_passed(items: list[str], limit: int, per_lane: int) -> None:
    lanes: Lanes[int] = Lanes(limit, per_lane)
    for number, name in enumerate(items):
        lanes.add(name, number)
    running: list[str] = []
    taken: list[int] = []
    while len(lanes) or running:
        for lane, item in lanes.take():
            running.append(str(lane))
            taken.append(item)
        assert len(running) <= limit
        assert all(running.count(name) <= per_lane for name in "abc")
        lanes.done(running.pop(0))
    assert sorted(taken) == list(range(len(items)))


def test_questions_of_changes_come_before_questions_of_a_start_in_any_lane() -> None:
    lanes: Lanes[str] = Lanes(limit=1, per_lane=1)
    for name in ("old 1", "old 2", "old 3"):
        lanes.add("a", name, later=True)
    lanes.add("b", "new")
    order = []
    lanes.advance("a", "old 3")
    lanes.advance("a", "not there")
    for _ in range(4):
        [(lane, item)] = lanes.take()
        order.append(item)
        lanes.done(lane)
    assert order == ["new", "old 3", "old 1", "old 2"]


def test_what_waits_for_later_can_be_taken_back() -> None:
    lanes: Lanes[str] = Lanes(limit=1, per_lane=1)
    lanes.add("a", "x", later=True)
    assert len(lanes) == 1
    assert lanes.remove("a", "x")
    assert not lanes.remove("a", "x")
    assert list(lanes.take()) == []
