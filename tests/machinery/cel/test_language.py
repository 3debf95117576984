"""CEL by the language's definition: what expressions give, and which are refused and why."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery import cel

VARIABLES: dict[str, Any] = {
    "n": 3,
    "text": "héllo",
    "items": [{"name": "a", "port": 1}, {"name": "b", "port": 2}],
    "labels": {"app": "web", "tier": "db"},
    "none": None,
}


def evaluated(text: str) -> Any:
    return cel.compile_program(cel.check(text, cel.parse(text), None)).evaluate(VARIABLES)[0]


@pytest.mark.parametrize(
    "text",
    [
        # literals
        "0x1F == 31 && 1e3 == 1000.0 && .5 == 0.5 && 7u == uint(7)",
        r"'a\u00e9\x41\101' == 'aéAA' && r'\n' == '\\n'",
        "'''a'b''' == \"a'b\"",
        "b'\\xff'.size() == 1 && b'é'.size() == 2 && bytes('é') == b'é'",
        "-9223372036854775808 < 0 && -(-3) == 3 && !!true",
        "[1, 2][1] == 2 && {'a': 1}['a'] == 1 && {'a': 1}.a == 1 && {1: 'x'}[1] == 'x'",
        "// a comment\n1 == 1",
        # precedence
        "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 10 - 3 - 2 == 5",
        "true || false && false",
        "n > 2 ? n == 3 : false",
        "false ? false : false ? false : true",
        # arithmetic
        "7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1",
        "1.0 / 0.0 > 1e300 && 5.0 / 2.0 == 2.5",
        "'a' + 'b' == 'ab' && [1] + [2] == [1, 2] && b'a' + b'b' == b'ab'",
        # comparison over types of numbers
        "dyn(1) == 1.0 && dyn(1) == 1u && dyn(1) != true && dyn('1') != 1",
        "1 < 1.5 && 2u > 1 && 'a' < 'b' && b'a' < b'b' && false < true",
        "[[1], [2]] == [[1], [2]] && {'a': [1]} == {'a': [1]} && [1] != [2]",
        "none == null && [null] == [none]",
        # membership
        "2 in [1, 2] && 'app' in labels && !('x' in labels) && dyn(2.0) in [1, 2]",
        "has(labels.app) && !has(labels.x)",
        # conversion
        "int('12') == 12 && int(2.9) == 2 && double('1.5') == 1.5 && string(1.0) == '1' && string(true) == 'true'",
        "uint(3) == 3u && bool('true') && string(b'abc') == 'abc'",
        "type(1) == int && type('a') == string && type([]) == list && type(null) == null_type",
        # time
        "timestamp('2026-03-01T12:00:00Z') - timestamp('2026-03-01T11:00:00Z') == duration('1h')",
        "timestamp('2026-03-01T12:30:05Z').getHours() == 12 && timestamp('2026-03-01T00:00:00Z').getMonth() == 2",
        "timestamp('2026-03-01T23:30:00Z').getHours('+02:00') == 1",
        "timestamp('2026-01-01T00:00:00Z').getDayOfWeek() == 4 && duration('90m').getHours() == 1",
        "string(duration('90s')) == '90s' && int(timestamp('1970-01-01T00:01:00Z')) == 60",
        # texts are counted in characters
        "size(text) == 5 && text.size() == 5 && text.substring(1, 3) == 'él' && text.charAt(1) == 'é'",
        "text.contains('ll') && text.startsWith('h') && text.endsWith('o') && text.matches('^h.l+o$')",
        "'a-b-c'.split('-', 2) == ['a', 'b-c'] && ['a', 'b'].join(',') == 'a,b' && 'aXbX'.replace('X', '', 1) == 'abX'",
        "'%s %d %.2f %x %b %% %s'.format(['a', 5, 1.5, 255, 5, [1, 2]]) == 'a 5 1.50 ff 101 % [1, 2]'",
        "' a '.trim() == 'a' && 'abcb'.indexOf('b', 2) == 3 && 'abcb'.lastIndexOf('b') == 3",
        # macros
        "items.all(i, i.port > 0) && items.exists(i, i.name == 'b') && items.exists_one(i, i.port == 2)",
        "items.map(i, i.name) == ['a', 'b'] && items.map(i, i.port > 1, i.name) == ['b']",
        "items.filter(i, i.port > 1).size() == 1 && labels.all(k, k.size() > 2) && labels.map(k, k).size() == 2",
        "labels.all(k, v, k != v) && items.exists(i, item, i == 1 && item.name == 'b')",
        "labels.transformMap(k, v, v + k) == {'app': 'webapp', 'tier': 'dbtier'}",
        "items.transformList(i, item, i > 0, item.name) == ['b']",
        "labels.transformMapEntry(k, v, {v: k}) == {'web': 'app', 'db': 'tier'}",
        "cel.bind(x, n * n, x + x) == 18",
        # what decides is enough
        "true || 1 / 0 == 1",
        "1 / 0 == 1 || true",
        "!(false && 1 / 0 == 1) && !(1 / 0 == 1 && false)",
        "[1, 0].exists(x, 1 / x == 1) && ![0, 1].all(x, 1 / x == 5)",
        # optional values
        "labels.?app.orValue('x') == 'web' && labels.?x.orValue('y') == 'y' && !labels.?x.?y.hasValue()",
        "items[?0].name == optional.of('a') && items[?9].hasValue() == false && items[?0].?name.value() == 'a'",
        "[?labels.?x, ?labels.?app] == ['web'] && {?'a': labels.?x} == {}",
        "labels.?app.optMap(v, v.size()).orValue(0) == 3 && labels.?x.or(labels.?tier).value() == 'db'",
        "optional.ofNonZeroValue('').hasValue() == false && optional.none().orValue(1) == 1",
        # Kubernetes' libraries
        "[1, 2, 3].sum() == 6 && [2, 1].min() == 1 && ['a', 'b'].max() == 'b' && [1, 1, 2].isSorted()",
        "[3, 1, 3].indexOf(3) == 0 && [3, 1, 3].lastIndexOf(3) == 2",
        "sets.contains([1, 2, 3], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])",
        "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('100m').compareTo(quantity('0.1')) == 0",
        "quantity('1').add(quantity('500m')).isInteger() == false && quantity('2k').asInteger() == 2000",
        "isQuantity('1Ki') && !isQuantity('x') && quantity('-1').sign() == -1",
        "isURL('https://a.io/x?y=1') && url('https://a.io:80/x?y=1').getQuery()['y'] == ['1'] && !isURL('a b')",
        "ip('10.0.0.1').family() == 4 && isIP('::1') && !isIP('10.0.0.256') && ip('127.0.0.1').isLoopback()",
        "cidr('10.0.0.0/8').containsIP('10.9.9.9') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.0.0.0/8').prefixLength() == 8",
        "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('v1.2', true).minor() == 2 && !isSemver('x')",
        "!format.dns1123Label().validate('a-b').hasValue() && format.dns1123Label().validate('A').hasValue()",
        "format.named('uuid').hasValue() && !format.named('nope').hasValue()",
        "'ab12'.find('[0-9]+') == '12' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
    ],
)
def test_it_is_true(text: str) -> None:
    assert evaluated(text) is True


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("uint(0) - 1u", "unsigned integer overflow"),
        ("labels.x", "no such key: x"),
        ("items[5]", "index out of bounds: 5"),
        ("dyn(1) + 'a'", "no such overload"),
        ("dyn(labels) > 1", "no such overload"),
        ("missing", "no such attribute"),
        ("int('x')", "invalid syntax"),
        ("timestamp('x' + 'y')", "cannot parse"),
        ("optional.none().value()", "optional.none() dereference"),
        ("[].max()", "max called on empty list"),
        ("'abc'.substring(2, 9)", "index out of range: 9"),
        ("text.matches('(' + '')", "error parsing regexp"),
        ("cidr('10.0.0.0')", "network address parse error"),
        ("[1, 0].all(x, 1 / x == 1)", "division by zero"),
    ],
)
def test_it_fails_and_says_why(text: str, error: str) -> None:
    with pytest.raises(cel.CelError) as failed:
        evaluated(text)
    assert error in str(failed.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Syntax error"),
        ("1 +", "1:4: Syntax error: mismatched input '<EOF>'"),
        ("a b", "1:3: Syntax error: mismatched input 'b'"),
        ("(1", "expecting ')'"),
        ("'abc", "token recognition error"),
        ("1\n+ )", "2:3: Syntax error"),
        ("if", "reserved identifier: if"),
        ("has(1)", "invalid argument to has() macro"),
        ("[1].all(1, true)", "argument must be a simple name"),
        ("99999999999999999999", "invalid int literal"),
        (r"'\q'", "invalid escape"),
        ("a.b.if(", "Syntax error"),
    ],
)
def test_what_is_no_cel_is_refused_with_its_place(text: str, error: str) -> None:
    with pytest.raises(cel.ParseError) as refused:
        cel.parse(text)
    assert error in str(refused.value)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("!(", ")"), ("-(", ")"), ("size(", ")"), ("[1].all(x, ", ")"), ("{1: ", "}"), ("", "")],
)
@pytest.mark.parametrize("depth", [95, 3000])
def test_what_is_nested_too_deeply_is_refused_wherever_it_is_read(opening: str, closing: str, depth: int) -> None:
    """Each level is a dozen calls of the parser, which met Python's own limit before ours."""
    text = opening * depth + "true" + closing * depth if opening else "true ? true : " * depth + "true"

    def below(calls: int) -> None:
        if calls:
            return below(calls - 1)
        try:
            cel.parse(text)
        except cel.ParseError as error:
            assert "recursion limit exceeded" in str(error)
        return None

    for calls in (0, 300):
        below(calls)
