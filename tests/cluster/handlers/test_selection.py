"""A selector means the same for an object that is decoded and for one that is bytes."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.handlers.selection import selection
from argosy.cluster.kinds import builtin_kinds
from argosy.cluster.request import Options
from argosy.cluster.store import Entry
from argosy.machinery.objects import Key

KIND = next(kind for kind in builtin_kinds() if kind.resource.plural == "configmaps")
NAMES = st.sampled_from(["app", "tier", "example.com/part"])
VALUES = st.sampled_from(["", "a", "b", "a.b", "a_b-c"])
TERMS = st.one_of(
    st.builds("{}={}".format, NAMES, VALUES),
    st.builds("{}!={}".format, NAMES, VALUES),
    st.builds("{} in ({},{})".format, NAMES, VALUES, VALUES),
    st.builds("{} in ({})".format, NAMES, VALUES),
    st.builds("{} notin ({})".format, NAMES, VALUES),
    NAMES,
    st.builds("!{}".format, NAMES),
)


@given(st.dictionaries(NAMES, VALUES), st.lists(TERMS, min_size=1, max_size=3), st.booleans())
def test_bytes_are_passed_over_only_if_the_object_would_be(
    labels: dict[str, str], terms: list[str], elsewhere: bool
) -> None:
    obj = {"kind": "ConfigMap", "metadata": {"name": "n", "labels": labels}, "data": labels if elsewhere else {}}
    chosen = selection(KIND, Options(label_selector=",".join(terms)))
    assert chosen.matches is not None
    warm = Entry(Key("", "n"), 1, 1, obj)
    cold = Entry(Key("", "n"), 1, 1, encoded=orjson.dumps(obj))
    assert chosen.takes(warm) == chosen.takes(cold) == chosen.matches(obj)


@pytest.mark.parametrize(
    ("selector", "traces"),
    [("a=b", (b'"a":"b"',)), ("a==b,c", (b'"a":"b"',)), ("a in (b,c)", ()), ("a!=b", ()), ("!a", ()), ("a>1", ())],
)
def test_only_a_value_that_must_be_there_leaves_a_trace(selector: str, traces: tuple[bytes, ...]) -> None:
    assert selection(KIND, Options(label_selector=selector)).traces == traces
