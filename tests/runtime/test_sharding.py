"""Sharding: everyone agrees, and only the keys move that must."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery.objects import Key
from argosy.runtime.sharding import Shards

KEYS = [Key(f"ns{number % 7}", f"app-{number}") for number in range(600)]
members = st.sets(st.text("abcdef-0123", min_size=1, max_size=6), min_size=1, max_size=6)


@given(members, st.text("uvw", min_size=1, max_size=4))
def test_a_member_that_comes_takes_keys_only_for_itself(present: set[str], newcomer: str) -> None:
    before, after = Shards(present), Shards(present | {newcomer})
    for key in KEYS:
        assert after.owner(key) in (before.owner(key), newcomer)


@given(members.filter(lambda names: len(names) > 1))
def test_a_member_that_leaves_moves_only_its_own_keys(present: set[str]) -> None:
    gone = min(present)
    before, after = Shards(present), Shards(present - {gone})
    for key in KEYS:
        if before.owner(key) != gone:
            assert after.owner(key) == before.owner(key)


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_members_does_not_matter(order: list[str]) -> None:
    assert all(Shards(order).owner(key) == Shards("abcd").owner(key) for key in KEYS[:50])


def test_keys_are_spread_evenly() -> None:
    counts = Counter(Shards(["a", "b", "c"]).owner(key) for key in KEYS)
    assert all(150 <= count <= 250 for count in counts.values())


def test_without_members_nobody_owns_anything() -> None:
    assert Shards(()).owner(KEYS[0]) is None
