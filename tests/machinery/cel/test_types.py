"""Expressions are judged against declared types, in upstream's words."""

from __future__ import annotations

import pytest

from argosy.machinery import cel
from argosy.machinery.cel.types import (
    BOOL,
    BYTES,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
    optional_of,
)

SELF = Type(
    "object",
    label="self",
    fields={
        "a": STRING,
        "n": INT,
        "on": BOOL,
        "raw": BYTES,
        "at": TIMESTAMP,
        "every": DURATION,
        "names": list_of(STRING),
        "labels": map_of(STRING, STRING),
        "ports": list_of(Type("object", label="self.ports.@idx", fields={"port": INT})),
        "any": DYN,
    },
)
KNOWN = {"self": SELF, "oldSelf": optional_of(SELF)}


def type_of(text: str) -> str:
    return str(cel.check(text, cel.parse(text), KNOWN).type)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("self.n + 1", "int"),
        ("self.names.map(n, n.size())", "list(int)"),
        ("self.ports.filter(p, p.port > 1)", "list(self.ports.@idx)"),
        ("self.labels['a']", "string"),
        ("self.labels.a", "string"),
        ("self.?a", "optional_type(string)"),
        ("self.names[?0]", "optional_type(string)"),
        ("oldSelf.?n.orValue(1)", "int"),
        ("oldSelf.optMap(o, o.n).orValue(0) == self.n", "bool"),
        ("self.any.x.y[3]", "dyn"),
        ("self.any == 1 || self.any == 'a'", "bool"),
        ("self.on ? 1 : 2", "int"),
        ("self.on ? self.any : 2", "dyn"),
        ("self.at + self.every", "google.protobuf.Timestamp"),
        ("quantity('1').add(2)", "kubernetes.Quantity"),
        ("[]", "list(dyn)"),
        ("{'a': 1}", "map(string, int)"),
        ("self.labels.transformMap(k, v, v.size())", "map(string, int)"),
        ("type(self.n)", "type"),
        ("self.raw + b'x'", "bytes"),
        ("self.at == null", "bool"),
        ("format.named('uuid').value().validate(self.a)", "optional_type(list(string))"),
    ],
)
def test_an_expression_has_a_type(text: str, wanted: str) -> None:
    assert type_of(text) == wanted


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("self.nope > 1", "1:5: undefined field 'nope'"),
        ("self.a == 1", "1:8: found no matching overload for '_==_' applied to '(string, int)'"),
        ("self.a.size() == 'x'", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("size(self.n)", "found no matching overload for 'size' applied to '(int)'"),
        ("self.n.size()", "found no matching overload for 'size' applied to 'int.()'"),
        ("nofunc(self.a)", "undeclared reference to 'nofunc' (in container '')"),
        ("self.a.nomethod()", "undeclared reference to 'nomethod'"),
        ("other", "undeclared reference to 'other'"),
        ("self.a.matches('[')", "invalid matches argument"),
        ("duration('x')", "invalid duration argument"),
        ("timestamp('2026')", "invalid timestamp argument"),
        ("self.a.b", "type 'string' does not support field selection"),
        ("self.names.x", "type 'list(string)' does not support field selection"),
        ("self.names['a']", "found no matching overload for '_[_]' applied to '(list(string), string)'"),
        ("self.a && true", "found no matching overload for '_&&_' applied to '(string, bool)'"),
        ("self.on ? 1 : 'a'", "found no matching overload for '_?_:_'"),
        ("self.names.all(n, n)", "expected type 'bool' but found 'string'"),
        ("self.n.all(x, true)", "cannot be range of a comprehension"),
        ("[1, 'a']", "expected type 'int' but found 'string'"),
        ("{'a': 1, 2: 3}", "expected type 'string' but found 'int'"),
        ("self.names.exists(n, n.port == 1)", "type 'string' does not support field selection"),
        ("self.ports.map(p, p.name)", "undefined field 'name'"),
        ("self.n in ['a']", "found no matching overload for '@in' applied to '(int, list(string))'"),
        ("self.n == null", "found no matching overload for '_==_' applied to '(int, null_type)'"),
        ("-self.a", "found no matching overload for '-_'"),
        ("self.a + self.n", "found no matching overload for '_+_' applied to '(string, int)'"),
        ("quantity(self.n)", "found no matching overload for 'quantity' applied to '(int)'"),
    ],
)
def test_type_errors_are_reported(text: str, error: str) -> None:
    with pytest.raises(cel.TypeErrors) as refused:
        type_of(text)
    assert error in str(refused.value)
    assert f" | {text}" in str(refused.value)


def test_all_that_is_wrong_is_reported_at_once() -> None:
    with pytest.raises(cel.TypeErrors) as refused:
        type_of("self.nope == 1 && self.never == 2")
    assert [issue.message for issue in refused.value.issues] == ["undefined field 'nope'", "undefined field 'never'"]
