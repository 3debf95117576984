"""Equal texts of different objects become one, and the objects stay what they are."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery.objects import JsonObject
from argosy.runtime.caches.shared_texts import GENERATION, LONGEST, MOST_VALUES, SharedTexts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4),
    max_leaves=20,
)


def said(reason: str) -> JsonObject:
    made: JsonObject = orjson.loads(orjson.dumps({"status": {"conditions": [{"reason": reason}, [reason + "!"]]}}))
    return made


@given(st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=4), max_size=6))
def test_an_object_is_the_same_for_every_reader(objects: list[JsonObject]) -> None:
    texts, before = SharedTexts(), repr(objects)
    for obj in objects:
        texts.share(obj)
    assert repr(objects) == before


def test_equal_texts_are_one_wherever_they_stand() -> None:
    texts, first, second = SharedTexts(), said("CertificateIssued"), said("CertificateIssued")
    assert first["status"]["conditions"][0]["reason"] is not second["status"]["conditions"][0]["reason"]
    texts.share(first)
    texts.share(second)
    assert first["status"]["conditions"][0]["reason"] is second["status"]["conditions"][0]["reason"]
    assert first["status"]["conditions"][1][0] is second["status"]["conditions"][1][0]


def test_what_comes_again_and_again_stays_among_any_number_that_never_do() -> None:
    texts, first = SharedTexts(), said("CertificateIssued")
    texts.share(first)
    for number in range(3 * GENERATION // LONGEST):
        texts.share({"unique": f"{number:x}" * 1000, "reason": "CertificateIssued"})
    again = said("CertificateIssued")
    texts.share(again)
    assert again["status"]["conditions"][0]["reason"] is first["status"]["conditions"][0]["reason"]


def test_little_is_kept_of_what_never_comes_again() -> None:
    texts = SharedTexts()
    for number in range(20_000):
        texts.share({"unique": f"{number:06}" * 50})
    assert sum(map(len, (*texts._young, *texts._old))) < 2 * GENERATION
    texts.share({"long": "x" * (LONGEST + 1)})
    assert "x" * (LONGEST + 1) not in texts._young


def test_of_a_large_object_a_part_is_looked_at_lest_it_hold_the_loop() -> None:
    texts = SharedTexts()
    texts.share({"status": [{"reason": f"r{number}"} for number in range(3 * MOST_VALUES)]})
    assert len(texts._young) <= MOST_VALUES


def test_an_object_however_deep_is_no_trouble() -> None:
    deep: JsonObject = {"reason": "x"}
    for _ in range(5_000):
        deep = {"in": [deep]}
    SharedTexts().share(deep)
