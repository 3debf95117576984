"""What is understood here leads where jq itself leads, and fails where jq fails."""

from __future__ import annotations

from typing import Any

import jq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.gitops.comparison.jq.delete_paths import JqError, without_paths
from argosy.gitops.comparison.jq.paths import UnsupportedExpression, paths

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, -1, 2.5, "", "a", "x-y", "ab"])
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=15,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)
STEPS = st.builds(
    str.__add__,
    st.one_of(
        NAMES.map(".{}".format),
        NAMES.map('.["{}"]'.format),
        NAMES.map('."{}"'.format),
        st.integers(-3, 4).map(".[{}]".format),
        st.just(".[]"),
    ),
    st.sampled_from(["", "", "?"]),
)
PATHS = st.lists(STEPS, min_size=1, max_size=3).map("".join) | st.just(".")
LITERALS = st.sampled_from(["null", "true", "false", "0", "1", "-1", '""', '"a"', '"x-y"'])
CONDITIONS = st.one_of(
    PATHS,
    st.builds("{} {} {}".format, PATHS, st.sampled_from(["==", "!="]), LITERALS),
    st.builds(
        '{} | {}("{}")'.format, PATHS, st.sampled_from(["test", "startswith", "endswith", "contains"]), st.just("a")
    ),
)
TERMS = PATHS | CONDITIONS.map("select({})".format)
EXPRESSIONS = st.recursive(
    TERMS,
    lambda below: (
        st.builds("{} | {}".format, below, below) | st.builds("{}, {}".format, below, below) | below.map("({})".format)
    ),
    max_leaves=4,
)
PATH_LISTS = st.lists(
    st.lists(
        NAMES
        | st.integers(-4, 4)
        | st.fixed_dictionaries({"start": st.none() | st.integers(-3, 3), "end": st.none() | st.integers(-3, 4)}),
        min_size=1,
        max_size=3,
    ),
    max_size=3,
)


@settings(max_examples=1500, deadline=None)
@given(OBJECTS, EXPRESSIONS)
def test_what_is_understood_here_is_what_jq_does(obj: Any, expression: str) -> None:
    try:
        ours: Any = without_paths(obj, paths(obj, expression))
    except JqError:
        ours = JqError
    except UnsupportedExpression:
        return
    try:
        theirs: Any = jq.compile(f"del({expression})").input_value(obj).first()
    except ValueError:
        theirs = JqError
    assert repr(_plain(ours)) == repr(_plain(theirs))


@settings(max_examples=1000, deadline=None)
@given(VALUES, PATH_LISTS)
def test_paths_are_deleted_as_jq_deletes_them(value: Any, found: list[list[Any]]) -> None:
    try:
        theirs: Any = jq.compile("delpaths($p)", args={"p": found}).input_value(value).first()
    except ValueError:
        with pytest.raises(JqError):
            without_paths(value, [tuple(path) for path in found])
        return
    assert repr(_plain(without_paths(value, [tuple(path) for path in found]))) == repr(_plain(theirs))


def _plain(value: Any) -> Any:
    """jq writes 1.0 as 1."""
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize(
    "expression",
    [
        *["env", ".a | input", "map(.x)", ".a[1:2]", "select(", "..", '.a | test("^x")', 'select(.a|test("^x"))', ""],
        *['."a\\(1)"', ".a // .b", ".a; .b", 'select(.a == "b" or .c)', "select(.a == .b)", ".a as $x | .b"],
        *["[.a]", ". a", ".a, ", '.["a"', "(.a", ".a)"],
    ],
)
def test_other_jq_is_not_guessed_at(expression: str) -> None:
    with pytest.raises(UnsupportedExpression):
        paths({"a": [1]}, expression)


def test_what_iterates_over_nothing_is_an_absence_unless_it_led_somewhere() -> None:
    with pytest.raises(JqError) as nothing:
        paths({"a": 1}, ".b[]")
    with pytest.raises(JqError) as partly:
        paths({"a": 1}, ".a, .b[]")
    assert (nothing.value.is_absence, partly.value.is_absence) == (True, False)


def test_what_stays_is_shared() -> None:
    obj = {"a": {"x": 1}, "b": [{"y": 1}, {"z": 1}]}
    made = without_paths(obj, [("b", 0, "y")])
    assert made == {"a": {"x": 1}, "b": [{}, {"z": 1}]}
    assert made["a"] is obj["a"]
    assert made["b"][1] is obj["b"][1]  # type: ignore[index]
    assert without_paths(obj, [("b", 5), ("c", "d")]) is obj
