"""Rules of definitions are compiled, typed and priced when the definition is stored; broken objects still meet them."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.machinery.structural import check_structural, compile_schema, validate


def schema(rule: JsonObject, **fields: JsonObject) -> JsonObject:
    return {"type": "object", "properties": fields, "x-kubernetes-validations": [rule]}


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
BOUNDED = {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 100}}


def problems(given: JsonObject, stored: JsonObject | None = None) -> list[tuple[str, str]]:
    return [(cause.field, cause.message) for cause in check_structural(given, "s", stored)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("self.nope > 1", "undefined field 'nope'"),
        ("self.a == 1", "found no matching overload for '_==_' applied to '(string, int)'"),
        ("size(self.a)", "cel expression must evaluate to a bool"),
        ("nofunc(self.a)", "undeclared reference to 'nofunc'"),
        ("self.a.matches('[')", "invalid matches argument"),
        ("self.a", "cel expression must evaluate to a bool"),
        ("self.a ==", "Syntax error"),
        ("self.metadata.labels.a == 'x'", "undefined field 'labels'"),
        ("object.a == 'x'", "undeclared reference to 'object'"),
        ("self.when > 'x'", "found no matching overload for '_>_'"),
        ("self.free.x == 1", "undefined field 'free'"),
    ],
)
def test_a_rule_that_does_not_fit_the_schema_is_refused(rule: str, said: str) -> None:
    when = {"type": "string", "format": "date-time"}
    free = {"x-kubernetes-preserve-unknown-fields": True}
    ((path, message),) = problems(schema({"rule": rule}, a=TEXT, when=when, free=free))
    assert path == "s.x-kubernetes-validations[0].rule"
    assert said in message


@pytest.mark.parametrize(
    "rule",
    [
        "self.a == 'x'",
        "self.metadata.name.startsWith('x')",
        "self.apiVersion == 'x/v1' && self.kind == 'X'",
        "self.port == 80 || self.port == 'http'",
        "self.when > timestamp('2020-01-01T00:00:00Z')",
        "self.every < duration('1h')",
        "self.raw.size() < 10",
        "self.map.all(k, self.map[k] > 1)",
        "self.map.all(k, k.split('/')[0].size() < 253 && k.matches('^[a-z/]+$'))",
        "self.from__dash__x == 'a' && self.__if__ == 'b'",
        "oldSelf.a == self.a",
        "self.inner.metadata.name == 'x' && self.inner.kind == 'Pod'",
        "!has(self.a) || self.a in ['x', 'y']",
    ],
)
def test_a_rule_that_fits_is_stored(rule: str) -> None:
    fields: dict[str, JsonObject] = {
        "a": {"type": "string", "maxLength": 100},
        "port": {"x-kubernetes-int-or-string": True},
        "when": {"type": "string", "format": "date-time"},
        "every": {"type": "string", "format": "duration"},
        "raw": {"type": "string", "format": "byte"},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "from-x": TEXT,
        "if": TEXT,
        "inner": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
        },
    }
    assert problems(schema({"rule": rule}, **fields)) == []


@pytest.mark.parametrize(
    ("more", "path", "said"),
    [
        ({"messageExpression": "1"}, "messageExpression", "messageExpression must evaluate to a string"),
        ({"messageExpression": "self.nope"}, "messageExpression", "undefined field"),
        ({"reason": "Nope"}, "reason", 'Unsupported value: "Nope"'),
        ({"optionalOldSelf": True}, "optionalOldSelf", "may not be set if oldSelf is not used"),
    ],
)
def test_schema_checks_next_to_a_rule_apply_too(more: JsonObject, path: str, said: str) -> None:
    ((where, message),) = problems(schema({"rule": "true", **more}, a=TEXT))
    assert where == f"s.x-kubernetes-validations[0].{path}"
    assert said in message


def test_old_values_of_list_items_are_known_only_by_key() -> None:
    item = {
        "type": "object",
        "properties": {"k": TEXT},
        "required": ["k"],
        "x-kubernetes-validations": [{"rule": "self.k == oldSelf.k"}],
    }
    given: JsonObject = {"type": "array", "items": item, "maxItems": 10}
    ((_, message),) = problems(schema({"rule": "true"}, l=given))
    assert "oldSelf cannot be used on the uncorrelatable portion" in message
    keyed = {**given, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}
    assert problems(schema({"rule": "true"}, l=keyed)) == []


@pytest.mark.parametrize(
    ("rule", "fields", "factor"),
    [
        ("self.a.all(x, x != 'bad') && self.a.exists(x, x != 'q')", {"a": BOUNDED}, ""),
        ("self.a.all(x, self.a.exists(y, x == y))", {"a": BOUNDED}, ""),
        ("self.a.all(x, x != 'bad')", {"a": TEXTS}, ""),  # a million items of a few units each
        ("self.a.all(x, self.a.exists(y, x == y))", {"a": TEXTS}, "more than 100x"),
        ("self.t.matches('^[a-z]*$')", {"t": TEXT}, ""),
        ("self.t.contains(self.t)", {"t": TEXT}, "more than 100x"),
        ("self.t.contains(self.t)", {"t": {"type": "string", "maxLength": 4000}}, ""),
        ("self.t.contains(self.t)", {"t": {"type": "string", "maxLength": 10_000}}, "1.6x"),
    ],
)
def test_a_rule_that_may_cost_too_much_is_refused_with_what_to_bound(
    rule: str, fields: dict[str, JsonObject], factor: str
) -> None:
    found = problems(schema({"rule": rule}, **fields))
    if not factor:
        assert found == []
        return
    path, message = found[0]
    assert path == "s.x-kubernetes-validations[0].rule"
    assert message.startswith(f"Forbidden: estimated rule cost exceeds budget by factor of {factor} (try simplifying")
    assert "adding maxItems, maxProperties, and maxLength" in message


def test_a_rule_counts_as_often_as_it_may_run() -> None:
    item = {
        "type": "object",
        "properties": {"t": TEXT},
        "x-kubernetes-validations": [{"rule": "self.t.startsWith('a')"}],
    }
    few = {"type": "array", "maxItems": 10, "items": item}
    assert problems(schema({"rule": "true"}, l=few)) == []
    nested = {"type": "array", "maxItems": 3000, "items": {"type": "array", "maxItems": 3000, "items": item}}
    assert any(
        "estimated rule cost exceeds budget" in message for _, message in problems(schema({"rule": "true"}, l=nested))
    )


def test_a_rule_that_is_stored_already_may_stay_as_it_is() -> None:
    old = schema({"rule": "self.nope == 1"}, a=TEXT)
    new = schema({"rule": "self.nope == 1"}, a=TEXT, b=TEXT)
    assert problems(new, stored=old) == []
    assert len(problems(schema({"rule": "self.nope == 2"}, a=TEXT), stored=old)) == 1


RULED = compile_schema(
    {
        "type": "object",
        "properties": {
            "l": {
                "type": "array",
                "maxItems": 5,
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string", "minLength": 2, "pattern": "^[a-z]*$", "maxLength": 9},
                        "at": {"type": "string", "format": "date-time"},
                        "kind": {"type": "string", "enum": ["A", "B"]},
                    },
                },
                "x-kubernetes-validations": [
                    {"rule": "self.all(x, self.exists_one(y, y.name == x.name))", "message": "names must be unique"}
                ],
            }
        },
    }
)
UNIQUE = "names must be unique"
UNCHECKED = "some validation rules were not checked"


@pytest.mark.parametrize(
    ("item", "blocked"),
    [
        ({"name": "AA"}, False),  # pattern
        ({"name": "a"}, False),  # minLength
        ({"name": "aa", "at": "x"}, False),  # format
        ({"name": "aaaaaaaaaaaa"}, True),  # too long
        ({"name": 1}, True),  # another type
        ({}, True),  # missing
        ({"name": "aa", "kind": "C"}, True),  # not supported
    ],
)
def test_rules_run_unless_what_they_see_may_be_missing_or_of_another_kind(item: JsonObject, blocked: bool) -> None:
    causes = validate(RULED, {"l": [item, {"name": "zz"}, {"name": "zz"}]})
    texts = " ".join(cause.message for cause in causes)
    assert (UNCHECKED in texts) is blocked
    assert (UNIQUE in texts) is not blocked
    assert len(causes) >= 2


def test_too_many_items_keep_the_rules_from_running() -> None:
    causes = validate(RULED, {"l": [{"name": f"a{'a' * index}"} for index in range(1, 8)]})
    assert any(UNCHECKED in cause.message for cause in causes)


def test_a_long_text_that_no_rule_walks_through_makes_no_rule_dearer() -> None:
    rule = "self.a.all(x, x != 'bad') && self.a.exists(x, x != 'q')"
    node = compile_schema(schema({"rule": rule, "message": "m"}, a=TEXTS, note=TEXT))
    assert validate(node, {"a": ["x" * 2000], "note": "y" * 100_000}) == []


def test_the_budget_of_all_rules_ends_them_with_upstreams_words() -> None:
    heavy: dict[str, Any] = {"rule": "self.l.all(x, self.l.all(y, x + y >= 0))", "message": "m"}
    numbers = {"type": "array", "items": {"type": "integer"}}
    given = schema(heavy, l=numbers)
    given["x-kubernetes-validations"] = [heavy] * 20
    (cause,) = validate(compile_schema(given), {"l": list(range(350))})
    assert (
        "validation failed due to running out of cost budget, no further validation rules will be run" in cause.message
    )
    (cause,) = validate(compile_schema(schema(heavy, l=numbers)), {"l": list(range(500))})
    assert "no further validation rules will be run due to call cost exceeds limit for rule: m" in cause.message
