"""Packed objects are the same bytes again, whatever their dictionary was made of."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.store import Entry, Store
from argosy.cluster.store.packing import (
    DICTIONARIES,
    LARGEST,
    SMALLEST,
    TRIED,
    Packing,
    is_packed,
    labels_of,
    length_of,
)
from argosy.cluster.store.warmth import REPLACED, Warmth
from argosy.machinery.objects import JsonObject, Key


def thing(number: int, **labels: str) -> JsonObject:
    conditions = [
        {
            "type": word,
            "status": "True",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "message": f"it is {word.lower()}",
        }
        for word in ("Ready", "Approved", "Progressing")
    ]
    metadata = {"name": f"n{number}", **({"labels": labels} if labels else {})}
    return {"kind": "Thing", "metadata": metadata, "status": {"conditions": conditions, "number": number}}


def entry(warmth: Warmth, obj: JsonObject) -> Entry:
    return Entry(Key("", obj["metadata"]["name"]), 1, 1, obj, warmth=warmth)


@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.binary(max_size=2_000), st.binary(max_size=40)), max_size=40))
def test_whatever_is_packed_is_there_again_byte_for_byte(objects: list[tuple[str, bytes, bytes]]) -> None:
    packing = Packing()
    encoded = [b'{"kind":"%s","data":"%s"}' % (kind.encode(), data.hex().encode()) for kind, data, _ in objects]
    held = [packing.packed(text, kind, labels) for text, (kind, _, labels) in zip(encoded, objects, strict=True)]
    assert [packing.unpacked(one) if is_packed(one) else one for one in held] == encoded
    assert [length_of(one) for one in held] == list(map(len, encoded))
    for one, (_, _, labels) in zip(held, objects, strict=True):
        assert labels_of(one) == (labels if is_packed(one) else one)


def test_an_object_like_the_first_of_its_kind_is_a_fifth_of_its_size_at_most() -> None:
    packing = Packing()
    encoded = [orjson.dumps(thing(number)) for number in range(10)]
    held = [packing.packed(one, "Thing") for one in encoded]
    assert sum(map(len, held)) * 5 < sum(map(len, encoded))


def test_what_is_small_or_large_or_packed_or_gains_nothing_stays_as_it_is() -> None:
    packing = Packing()
    packing.packed(b"{" + b"a" * 500, "Thing")
    varied = b"{" + b"".join(bytes((number * 89 % 191 + 64, number * 57 % 173 + 64)) for number in range(SMALLEST))
    held = packing.packed(b"{" + b"b" * 500, "Thing")
    for encoded in (b"{" + b"a" * (SMALLEST - 2), b"{" + b"a" * LARGEST, varied[: SMALLEST + 1], held):
        assert packing.packed(encoded, "Thing") is encoded


def test_a_dictionary_that_does_not_fit_is_replaced_a_few_times_and_what_it_packed_can_still_be_read() -> None:
    packing, encoded, held = Packing(), [], []
    for number in range(TRIED * (DICTIONARIES + 2)):
        # Half of it is of the hundred before it and half of it of no other.
        text = orjson.dumps(
            {"a": f"{number // TRIED:x}" * 150, "b": "".join(f"{number * p % 65521:x}" for p in range(90))}
        )
        encoded.append(text)
        held.append(packing.packed(text, "Thing"))
    assert len(packing._dictionaries) == DICTIONARIES
    assert [packing.unpacked(one) if is_packed(one) else one for one in held] == encoded


def test_what_is_not_used_is_packed_and_can_be_searched_by_its_labels() -> None:
    warmth = Warmth(limit=0)
    plain, labelled = entry(warmth, thing(1)), entry(warmth, thing(2, app="web"))
    assert is_packed(plain._encoded or b"{") and is_packed(labelled._encoded or b"{")
    assert labelled.may_contain((b'"app":"web"',)) and labelled.may_contain(())
    assert not labelled.may_contain((b'"app":"db"',))
    assert not plain.may_contain((b'"app":"web"',))
    assert (labelled.obj, plain.peek) == (thing(2, app="web"), thing(1))


def test_states_that_were_replaced_long_ago_are_packed_and_let_go_with_the_history() -> None:
    store = Store(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    table, old, entries = store.table("", "things"), None, []
    for number in range(REPLACED + 10):
        old = store.put(table, Key("", "a"), thing(number, app="web"), old)
        entries.append(old)
    assert [is_packed(one._encoded or b"{") for one in entries] == [True] * 9 + [False] * (REPLACED + 1)
    assert [one.peek["status"]["number"] for one in entries] == list(range(REPLACED + 10))
    store.flush()
    store.compact(store.revision)
    assert not store.warmth._replaced
