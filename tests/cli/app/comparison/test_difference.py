"""Two objects as `diff` shows two files."""

from __future__ import annotations

import pytest

from argosy.cli.app.comparison.difference import normal


def test_a_changed_line_is_shown_as_diff_does() -> None:
    live, desired = {"kind": "A", "data": {"x": "1"}}, {"kind": "A", "data": {"x": "2"}}
    assert normal(live, desired) == '2c2\n<   x: "1"\n---\n>   x: "2"\n'


def test_an_absent_object_is_an_empty_file_and_keys_stand_by_name() -> None:
    assert normal(None, {"b": 1, "a": 2}) == "0a1,2\n> a: 2\n> b: 1\n"
    assert normal({"a": 1}, None) == "1d0\n< a: 1\n"


def test_another_program_is_asked_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECTL_EXTERNAL_DIFF", "cat")
    assert normal({"a": 1}, {"a": 2}) == "a: 1\na: 2\n"
