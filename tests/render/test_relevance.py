"""Which of a plug-in's inputs the annotation names."""

from __future__ import annotations

import pytest

from argosy.render.inputs import Question
from argosy.render.relevance import relevant

READS = {
    Question("", "read", "app/a"): "1", Question("", "read", "app/sub/b"): "2",
    Question("", "read", "base/c.yaml"): "3", Question("", "read", "base/c.txt"): "4", Question("", "read", "top"): "5",
    Question("", "list", "app"): "6", Question("", "list", "base"): "7", Question("", "list", ""): "8",
}  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "answers"),
    [
        ("", "12345678"), (";", "12345678"), (".", "1268"), ("a", "16"), ("sub", "26"), ("/top", "58"),
        ("../base/*.yaml", "37"), (".;/base", "1234678"), ("/", "12345678"), ("../..", "12345678"),
        ("/**/b", "2678"), ("../missing", "8"),
    ],
)  # fmt: skip
def test_a_path_names_itself_what_is_below_it_and_what_it_matches(paths: str, answers: str) -> None:
    assert "".join(sorted(relevant(READS, paths, "app").values())) == answers


def test_other_roots_and_whole_trees_always_count() -> None:
    inputs = {Question("ref v", "read", "x"): "1", Question("", "tree", ""): "2"}
    assert relevant(inputs, ".", "app") == inputs
