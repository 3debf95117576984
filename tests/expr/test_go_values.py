"""Functions and values in Go templates: called by `call` alone, members from tables, interruptions pass through."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from gotime import Time

from argosy.expr import go_values
from argosy.expr.exprlang import Fault, Function, Struct
from argosy.expr.gotemplate import GoTemplateError, GoTemplates

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def _fail() -> object:
    raise Fault("no such thing")


def _interrupt() -> object:
    raise go_values.Interrupted


def rendered(template: str) -> str:
    values: dict[str, Any] = {
        "time": {"Now": Function(lambda: Time.from_datetime(MOMENT), 0, 0)},
        "get": Function(lambda name: Struct("Commit", {"Message": f"of {name}"}), 1, 1),
        "fail": Function(_fail, 0, 0),
        "wait": Function(_interrupt, 0, 0),
        "number": 3,
    }
    return GoTemplates(lambda: MOMENT, bytes, calls=True).render(template, go_values.shown(values))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{ (call .time.Now).Format "2006-01-02" }}', "2026-01-02"),
        ("{{ (call .time.Now).Year }}", "2026"),
        ('{{ (call .get "x").Message }} {{ .number }}', "of x 3"),
        ('{{ "call me" }} {{/* call */}}{{ `call` }} {{ (call .get "call").Message }}', "call me call of call"),
        ("call {{ .number }}", "call 3"),
        ("{{ .fail }}", "func"),
        ("{{ (call .time.Now).Nope }}", "<no value>"),
        ("{{ (call .time.Now).__class__ }}", "<no value>"),
    ],
)
def test_a_template_calls_functions_and_reads_members(template: str, expected: str) -> None:
    assert rendered(template) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ call .fail }}", "function 'call' failed: no such thing"),
        ("{{ call .number }}", "not a function"),
        ("{{ call .get }}", "invalid number of arguments"),
        ("{{ (call .time.Now).Add 3 }}", "Add|reflect"),
    ],
)
def test_a_call_that_fails_says_why(template: str, message: str) -> None:
    with pytest.raises(GoTemplateError, match=message):
        rendered(template)


def test_an_interruption_is_no_error_of_the_template() -> None:
    with pytest.raises(go_values.Interrupted):
        rendered("{{ if true }}{{ call .wait }}{{ end }}")
