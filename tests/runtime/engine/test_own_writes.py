"""Own writes: seen until the cache has passed them, whatever it shows then."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.engine.own_writes import OwnWrites

A = Key("ns", "a")


def obj(version: int, uid: str = "u") -> JsonObject:
    return {"metadata": {"name": "a", "namespace": "ns", "uid": uid, "resourceVersion": str(version)}}


def test_a_write_is_seen_before_the_cache_shows_it() -> None:
    own = OwnWrites()
    own.wrote(A, obj(7), obj(5), "6")
    assert own.see(A, obj(5), "6") == obj(7)


def test_what_the_cache_shows_later_wins() -> None:
    own = OwnWrites()
    own.wrote(A, obj(7), obj(5), "6")
    assert own.see(A, obj(8), "8") == obj(8)
    assert not own


def test_a_write_that_the_cache_has_seen_already_is_not_kept() -> None:
    own = OwnWrites()
    own.wrote(A, obj(7), obj(7), "7")
    assert not own


def test_an_object_that_was_made_and_deleted_before_the_cache_saw_it_leaves_no_ghost() -> None:
    own = OwnWrites()
    own.wrote(A, obj(7), None, "6")
    assert own.see(A, None, "6") == obj(7)
    assert own.see(A, None, "9") is None, "a relist passed it"
    own.wrote(A, obj(7), None, "9")
    assert own.see(A, None, "9") is None, "the answer came after both events"


def test_a_deleted_object_is_gone_at_once_and_its_successor_is_seen() -> None:
    own = OwnWrites()
    own.deleted(A, "u", obj(5))
    assert own.see(A, obj(5), "6") is None
    assert own.see(A, obj(9, uid="v"), "9") == obj(9, uid="v")


def test_an_object_that_was_made_and_deleted_by_us_does_not_come_back_with_the_event_of_its_making() -> None:
    own = OwnWrites()
    own.wrote(A, obj(7), None, "6")
    own.deleted(A, "u", None)
    assert own.see(A, None, "6") is None
    assert own.see(A, obj(7), "7") is None
    assert own.see(A, None, "8") is None
    assert not own


def test_a_version_that_is_no_number_is_not_kept() -> None:
    own = OwnWrites()
    own.wrote(A, {"metadata": {**obj(1)["metadata"], "resourceVersion": "x"}}, None, "6")
    assert not own


def test_as_the_cache_comes_on_only_what_it_may_have_passed_is_looked_at() -> None:
    own, keys = OwnWrites(), [Key("ns", f"n{number}") for number in range(5)]
    for number, key in enumerate(keys):
        own.wrote(key, obj(10 + number), None, "1")
    assert list(own.progressed("11")) == keys[:2]
    assert list(own.progressed("11")) == []
    own.wrote(keys[2], obj(20), None, "11")
    assert list(own.progressed("14")) == keys[3:], "a later write of the same key waits for its own version"
    assert list(own.progressed("20")) == [keys[2]]
