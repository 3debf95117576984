"""YAML as Kubernetes reads it, and its limits."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from argosy.machinery.text.yaml import KUSTOMIZE, YamlError, load, load_all


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("n", False), ("On", True), ("~", None), ("Null", None), ("'yes'", "yes"), ("yEs", "yEs"),
        ("017", 15), ("0o17", 15), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("-3", -3), ("+4", 4), ("089", 89),
        ("1.5", 1.5), ("1e3", 1000), (".5", 0.5), ("12:30", "12:30"), ("2020-01-02", "2020-01-02"), ("1.2.3", "1.2.3"),
        ("!!str 5", "5"), ("!!int '7'", 7), ("18446744073709551615", 2**64 - 1), ("18446744073709551616", 2.0**64),
        ("{1: a, true: b, ~: c}", {"1": "a", "true": "b", "null": "c"}), ("=", "="), ("-", [None]), ("|\n  a\n", "a\n"),
        ("{<<: {a: 1, b: 1}, b: 2}", {"a": 1, "b": 2}), ("{<<: [{a: 1}, {a: 2, c: 3}]}", {"a": 1, "c": 3}),
    ],
)  # fmt: skip
def test_scalars_and_maps_are_what_go_makes_of_them(text: str, value: Any) -> None:
    found = load(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: key 'a' appears twice"),
        ("[" * 100_000, "nested deeper than 200"),
        ("{a: " * 300 + "}" * 300, "nested deeper than 200"),
        ("a: &a [*a]", "contains itself"),
        (".nan", "no JSON form"),
        ("!!python/object/apply:os.system [id]", "unknown tag"),
        ("!!python/name:os.system x", "does not fit the tag"),
        ("1" * 401, "more than 400 digits"),
        ("{[1]: 2}", "a key must be a scalar"),
        ("a:\n\t- b", "cannot start any token"),
        ("<<: 3", "merge key"),
        ("<<: 3\n", "merge key"),
        ("a: *nothing", "undefined alias"),
    ],
)
def test_what_is_refused_says_why(text: str, message: str) -> None:
    with pytest.raises(YamlError, match=message):
        list(load_all(text))


def test_a_hundred_aliases_are_allowed_and_one_more_is_not() -> None:
    def text(count: int) -> str:
        return "a: &a {x: 1}\nb: [" + ", ".join(["*a"] * count) + "]"

    assert len(load(text(100))["b"]) == 100
    with pytest.raises(YamlError, match="more than 100 aliases"):
        load(text(101))


def test_depth_two_hundred_is_allowed() -> None:
    load("[" * 198 + "]" * 198)


@pytest.mark.parametrize("anchored", ["[x, x, x, x, x, x, x, x]", "y" * 2_000_000])
def test_an_alias_bomb_costs_no_more_memory_than_its_text(anchored: str) -> None:
    bomb = f"a0: &a0 {anchored}\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    tracemalloc.start()
    with pytest.raises(YamlError, match="expanded"):
        load(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(bomb) + 5_000_000


def test_documents_before_a_fault_are_given() -> None:
    documents = load_all("a: 1\n---\nb: [\n")
    assert next(documents) == {"a": 1}
    with pytest.raises(YamlError):
        next(documents)


def test_a_document_of_too_many_nodes_is_refused_while_it_is_read() -> None:
    assert len(load(b"- a\n" * 999, nodes=1000)) == 999
    with pytest.raises(YamlError, match="more than 1000 nodes"):
        load(b"- a\n" * 1001 + b"&broken", nodes=1000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", "y"), ("on", "on"), ("No", "No"), ("True", True), ("~", None), ("017", 15), ("0o17", 15), ("089", 89),
        ("1_000", 1000), ("2001-12-14", "2001-12-14T00:00:00Z"), ("2001-1-1", "2001-01-01T00:00:00Z"),
        ("2001-13-01", "2001-13-01"), ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
        ("2001-12-14 21:59:43.10 -5", "2001-12-14 21:59:43.10 -5"), ("2001-01-01 10:00:00", "2001-01-01T10:00:00Z"),
        ("12:30", "12:30"), ("{a: , b: ~, c}", {"a": "", "b": None, "c": ""}), ("{y: 1, on: 2}", {"y": 1, "on": 2}),
    ],
)  # fmt: skip
def test_kustomize_reads_words_and_dates_in_its_own_way(text: str, value: Any) -> None:
    assert load(text, dialect=KUSTOMIZE) == value


@pytest.mark.parametrize("text", ["{1: a}", "{true: a}", "{~: a}", "{1.5: b}"])
def test_kustomize_takes_no_key_that_is_not_text(text: str) -> None:
    with pytest.raises(YamlError, match="is not text: quote it"):
        load(text, dialect=KUSTOMIZE)


def test_an_anchor_may_be_defined_again_in_any_document() -> None:
    text = "a: &x 1\nb: *x\n---\na: &x [1]\nb: *x\nc: &x {z: 2}\nd: *x\n---\n- &x 3\n- *x\n"
    second = {"a": [1], "b": [1], "c": {"z": 2}, "d": {"z": 2}}
    assert list(load_all(text)) == [{"a": 1, "b": 1}, second, [3, 3]]


def test_limits_hold_when_anchors_are_defined_again() -> None:
    with pytest.raises(YamlError, match="more than 100 aliases"):
        load("a: &x 1\nb: &x 2\nc: [" + ", ".join(["*x"] * 101) + "]\n")
    with pytest.raises(YamlError, match="nested deeper than 200"):
        load("a: &x 1\nb: &x 2\nc: " + "[" * 300 + "]" * 300)
    with pytest.raises(YamlError, match="undefined alias"):
        load("a: &x 1\nb: &x 2\nc: *z\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: |\n  {}", {"a": "{}\n"}),
        ("a: |-\n  {}", {"a": "{}"}),
        ("a: |+\n  {}", {"a": "{}\n"}),
        ("a: >\n  b\n  c", {"a": "b c\n"}),
        ("b: &l {x: 1}\na: {!!merge <<: *l}", {"b": {"x": 1}, "a": {"x": 1}}),
        ("a: !!binary aGVsbG8=", {"a": "hello"}),
    ],
)
def test_texts_at_the_end_explicit_merges_and_binaries_are_what_go_makes_of_them(text: str, value: Any) -> None:
    assert load(text) == value
