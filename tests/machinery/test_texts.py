"""Selectors, quantities, durations, versions, paths, times and names, as tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery import duration, names, quantity, selectors, semver, timestamps
from argosy.machinery.text.jsonpath import JsonPathError, compile_path


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "c"}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a in (x,y),b notin (z),!c,d", {"a": "x", "d": ""}, True),
        ("a in (x,y),b notin (z),!c,d", {"a": "x", "d": "", "c": "1"}, False),
        ("a in (x,y)", {}, False),
        ("a notin (x)", {}, True),
        ("a>1", {"a": "2"}, True),
        ("a>1", {"a": "x"}, False),
        ("a<1", {"a": "2"}, False),
        ("a=", {"a": ""}, True),
        ("!a", {"a": ""}, False),
        ("x.io/a , b", {"x.io/a": "1", "b": "2"}, True),
        ("in in (in)", {"in": "in"}, True),
    ],
)
def test_a_label_selector_matches_as_kubernetes_does(text: str, labels: dict[str, str], expected: bool) -> None:
    parsed = selectors.parse_labels(text)
    assert parsed.matches(labels) is expected
    assert selectors.parse_labels(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("a>x", 'unable to parse requirement: values[0][a]: Invalid value: "x"'),
        ("a in x", "unable to parse requirement: found 'x' expected: '('"),
        ("a in (x", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("-a", "unable to parse requirement: <nil>: Invalid value"),
    ],
)
def test_a_broken_label_selector_says_where(text: str, message: str) -> None:
    with pytest.raises(selectors.SelectorError) as caught:
        selectors.parse_labels(text)
    assert str(caught.value).startswith(message)


def test_a_null_label_selector_object_matches_nothing_and_an_empty_one_everything() -> None:
    assert not selectors.label_selector_of(None).matches({})
    assert selectors.label_selector_of({}).matches({"a": "b"})
    wanted = {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["x"]}]}
    assert selectors.label_selector_of(wanted).matches({"a": "1"})
    assert not selectors.label_selector_of(wanted).matches({"a": "1", "b": "x"})
    with pytest.raises(selectors.SelectorError, match='"Near" is not a valid label selector operator'):
        selectors.label_selector_of({"matchExpressions": [{"key": "b", "operator": "Near"}]})


def test_field_selectors_split_compare_and_unescape() -> None:
    terms = selectors.parse_fields(r"a=b,c!=d,e==f\,g")
    assert [(term.field, term.equal, term.value) for term in terms] == [
        ("a", True, "b"),
        ("c", False, "d"),
        ("e", True, "f,g"),
    ]
    assert selectors.fields_match(terms, {"a": "b", "e": "f,g"})
    with pytest.raises(selectors.SelectorError, match="invalid selector: 'nope'; can't understand 'nope'"):
        selectors.parse_fields("nope")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1000", "1k"),
        ("1e3", "1e3"),
        ("0.1Gi", "107374182400m"),
        ("100", "100"),
        ("0", "0"),
        ("-1.5", "-1500m"),
        ("1.5Gi", "1536Mi"),
    ],
)
def test_a_quantity_has_one_canonical_form(text: str, expected: str) -> None:
    assert quantity.canonical(text) == expected
    assert quantity.canonical(expected) == expected


def test_quantities_compare_add_and_round_up_to_thousandths() -> None:
    assert quantity.compare("1", "1000m") == 0
    assert quantity.compare("1Gi", "1G") == 1
    assert quantity.add("1Gi", "512Mi") == "1536Mi"
    assert quantity.subtract("1", "250m") == "750m"
    assert quantity.rounded_to_milli("1u") == "1m"
    assert quantity.milli_units("1.0001") == 1001
    for wrong in ("", "x", "1Zi", "1.2.3", "1 Gi", "٣"):
        with pytest.raises(quantity.QuantityError, match="quantities must match"):
            quantity.nano_units(wrong)


@pytest.mark.parametrize(
    ("text", "nanos", "expected"),
    [
        ("1h30m", 5_400_000_000_000, "1h30m0s"),
        ("1.5s", 1_500_000_000, "1.5s"),
        ("-2m", -120_000_000_000, "-2m0s"),
        ("250ms", 250_000_000, "250ms"),
        ("1us", 1_000, "1µs"),
        ("0", 0, "0s"),
        ("0.5ms", 500_000, "500µs"),
    ],
)
def test_go_durations(text: str, nanos: int, expected: str) -> None:
    assert duration.nanoseconds(text) == nanos
    assert duration.spelled(nanos) == expected


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_a_spelled_duration_reads_back_the_same(nanos: int) -> None:
    assert duration.nanoseconds(duration.spelled(nanos)) == nanos


@pytest.mark.parametrize("text", ["", "1", "h", "1d", "1h-2m", "9999999h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(duration.DurationError):
        duration.nanoseconds(text)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-2, "<invalid>"),
        (-0.5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (10860, "3h1m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (176400, "2d1h"),
        (691200, "8d"),
        (63071999, "729d"),
        (63072000, "2y"),
        (63158400, "2y1d"),
        (252288000, "8y"),
    ],
)
def test_age_texts(seconds: float, expected: str) -> None:
    assert duration.human(timedelta(seconds=seconds)) == expected


def test_the_age_of_a_time_never_set_is_unknown() -> None:
    assert duration.age(None, datetime(2024, 1, 1, tzinfo=UTC)) == "<unknown>"


@pytest.mark.parametrize(
    ("wanted", "version", "expected"),
    [
        ("^1.2.3", "1.9.0", True),
        ("^1.2.3", "2.0.0", False),
        ("^0.2.3", "0.3.0", False),
        ("^0.0.3", "0.0.4", False),
        ("~1.2.3", "1.2.9", True),
        ("~1.2.3", "1.3.0", False),
        ("~1", "1.9.9", True),
        ("1.x", "1.4.2", True),
        ("1.2", "1.2.7", True),
        ("*", "3.1.0", True),
        ("*", "3.1.0-rc.1", False),
        (">=1.0.0 <2.0.0", "1.5.0", True),
        (">=1.0.0, <2.0.0", "2.0.0", False),
        ("1.0 - 2.0", "1.5.0", True),
        ("<1.0 || >2.0.0", "2.0.1", True),
        (">1.2", "1.2.5", False),
        (">1.2", "1.3.0", True),
        ("<=1.2", "1.2.9", True),
        ("!=1.2.3", "1.2.4", True),
        (">=1.25.0-0", "v1.36.1-alpha.1", True),
        (">=1.25.0", "1.36.1-alpha.1", False),
        ("^1.2.0-0", "2.0.0-rc.1", False),
        ("=1.2.3", "v1.2.3+build", True),
    ],
)
def test_version_constraints(wanted: str, version: str, expected: bool) -> None:
    assert semver.matches(wanted, version) is expected


def test_versions_order_by_precedence_and_the_highest_match_is_found() -> None:
    texts = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
    assert sorted(sorted(texts), key=semver.parse) == texts
    assert semver.highest("^1.0", ["v1.2.0", "1.10.0", "junk", "2.0.0"]) == "1.10.0"
    assert semver.highest("^3", ["1.0.0"]) is None
    assert not semver.is_version("v1.2.3", strict=True)
    assert semver.is_version("v1.2")


@pytest.mark.parametrize("text", ["", ">", "a", "1.2.3.4", "^1 ||", "1.0.0 foo"])
def test_an_improper_constraint_is_refused(text: str) -> None:
    with pytest.raises(semver.SemverError, match="improper constraint"):
        semver.constraint(text)


OBJECT = {
    "spec": {"replicas": 3, "a.b": 1, "list": [1, 2, 3]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.replicas", [3]),
        ("{.spec.replicas}", [3]),
        ("$.spec.replicas", [3]),
        (r".spec.a\.b", [1]),
        (".spec['a.b']", [1]),
        (".spec.list[-1]", [3]),
        (".spec.list[0:2]", [1, 2]),
        (".spec.list[0,2]", [1, 3]),
        (".spec.list[*]", [1, 2, 3]),
        (".spec.list[7]", []),
        (".spec.list[]", [1]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type!='Ready')].status", ["False"]),
        ("..type", ["Ready", "Other"]),
        (".missing.field", []),
        (".spec.list[?(@ > 1)]", [2, 3]),
    ],
)
def test_json_paths_find_values(path: str, expected: list[object]) -> None:
    assert compile_path(path).find(OBJECT) == expected


@pytest.mark.parametrize("path", [".a[", ".a[?(@.b==x y)]", "a b", ".a..", ".a[0:3:0]"])
def test_a_broken_json_path_is_refused(path: str) -> None:
    with pytest.raises(JsonPathError):
        compile_path(path)


def test_times_round_trip_in_both_precisions() -> None:
    moment = datetime(2024, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
    assert timestamps.micros(moment) == "2024-02-03T04:05:06.000789Z"
    assert timestamps.parse(timestamps.micros(moment)) == moment
    assert timestamps.seconds(moment) == "2024-02-03T04:05:06Z"
    assert timestamps.parse("2024-02-03T06:05:06.123456789+02:00").microsecond == 123456
    for wrong in ("2024-02-03", "2024-13-03T00:00:00Z", "x"):
        with pytest.raises(ValueError, match="is not an RFC 3339 time"):
            timestamps.parse(wrong)


def test_names_give_their_reasons() -> None:
    assert names.dns_label("a-1") == []
    assert names.dns_label("A")[0].startswith("a lowercase RFC 1123 label")
    assert names.qualified_name("x.io/") == names.qualified_name("x.io/")
    assert "prefix part must be non-empty" in names.qualified_name("/a")
    assert names.label_value("x" * 64)[0] == "must be no more than 63 characters"
