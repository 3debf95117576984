"""Edits read back as asked for, and leave every other byte alone."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.machinery.text.yaml_tree import EditFault
from argosy.promotion.editing import json_text, toml, yaml_merge, yaml_scalar

DOCUMENT = """\
# top
image:
  tag: "1.0.0" # comment
  anchor: &x base
  ref: *x
empty:
block: |
  one
  two
flow: {k: v, n: 1, deep: {z: y}}
list: [a, b]
items:
- name: a # first
  value: x
---
second: untouched
"""
PLACES = ("image.tag", "image.anchor", "empty", "block", "flow.k", "flow.deep.z", "list.1", "items.0.value")


def at(document: object, key: str) -> object:
    for part in key.split("."):
        if isinstance(document, list):
            document = document[int(part)]
        else:
            assert isinstance(document, dict)
            document = document[part]
    return document


@pytest.mark.parametrize("key", PLACES)
@settings(max_examples=30)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30))
def test_a_text_that_was_set_reads_back_wherever_it_is_put(key: str, text: str) -> None:
    edited = yaml_scalar.update(DOCUMENT, [(key, text)])
    first, second = yaml.load_all(edited, yaml.BaseLoader)
    before, _ = yaml.load_all(DOCUMENT, yaml.BaseLoader)
    assert at(first, key) == text
    assert second == {"second": "untouched"}
    for other in PLACES:
        if other != key:
            assert at(first, other) == at(before, other)


@pytest.mark.parametrize("text", ["with: colon", "- dash", " lead", "~", "[x]", "{x}", "&x", "%x", "@x", "a: b #c", ""])
def test_text_that_would_break_the_line_is_put_between_quotes(text: str) -> None:
    edited = yaml_scalar.update("image:\n  tag: 1\n", [("image.tag", text)])
    assert yaml.safe_load(edited) == {"image": {"tag": text}}


def test_a_document_of_json_stays_json() -> None:
    assert json.loads(yaml_scalar.update('{"a": {"b": "c"}}', [("a.b", "d")])) == {"a": {"b": "d"}}


def test_an_anchor_stays_with_the_value_that_it_names() -> None:
    edited = yaml_scalar.update(DOCUMENT, [("image.anchor", "base2")])
    assert "  anchor: &x base2\n" in edited


@pytest.mark.parametrize(
    ("text", "updates", "expected"),
    [
        ('{"a": 1}\n', [("a", 2)], '{"a": 2}\n'),
        ('{"a": {}}', [("a.b.c", "x")], '{"a": {"b":{"c":"x"}}}'),
        ('{"l": [1]}', [("l.0", 5)], '{"l": [5]}'),
        ('{"l": [1]}', [("l.2", 5)], '{"l": [1,null,5]}'),
        ('{"l": {"2": 1}}', [("l.:2", 5)], '{"l": {"2": 5}}'),
        ("{}", [("a.:0", True)], '{"a":{"0":true}}'),
        ('{"a": 1}', [("a.b", 2)], '{"a": {"b":2}}'),
    ],
)
def test_json_keeps_its_text_and_missing_keys_are_made(
    text: str, updates: list[tuple[str, object]], expected: str
) -> None:
    assert json_text.update(text, updates) == expected


@pytest.mark.parametrize("value", [None, {}, []])
def test_only_scalars_can_be_set_in_json(value: object) -> None:
    with pytest.raises(EditFault, match="not a scalar"):
        json_text.update("{}", [("a", value)])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["# c\na:\n  b: 1 # one\n  c: 2\n", "a:\n  c: 3\n"], "# c\na:\n  b: 1 # one\n  c: 3\n"),
        (["a:\n- x\n- y\n", "a:\n- z\n"], "a:\n- z\n"),
        (["a: 1\n", "b:\n  c: [1, 2]\n"], "a: 1\nb:\n  c: [1, 2]\n"),
        (["a: {x: 1}\n", "a:\n  y: 2\n"], "a: {x: 1, y: 2}\n"),
        (["a: {x: 1, y: 2}\n", "a:\n  x: null\n"], "a: {y: 2}\n"),
        (["a:\n  x: 1\n", "a:\n  x: null\n"], "a:\n  {}\n"),
    ],
)
def test_later_files_are_laid_over_earlier_ones(files: list[str], expected: str) -> None:
    assert yaml_merge.merged(files) == expected


def test_toml_keeps_comments_next_to_what_changes() -> None:
    assert toml.update('a = "x" # why\n[b]\nc = 1\n', [("a", "y"), ("b.c", True)]) == "a = 'y' # why\n[b]\nc = true\n"


def test_a_bomb_of_aliases_is_not_expanded() -> None:
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert yaml_scalar.update("\n".join(lines), [("a0", "y")]).startswith("a0: &a0 y\n")
