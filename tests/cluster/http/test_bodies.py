"""Bodies in three formats: what is read, what is noticed, and what is refused (security rule 2)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.http.representation.decode import read_delete_options, type_key
from argosy.cluster.http.representation.json_text import MAX_DEPTH, MAX_DIGITS, BodyError, parse_json
from argosy.cluster.http.representation.protobuf import MAGIC, decode, decode_message
from argosy.cluster.http.representation.yaml_text import dump_yaml, parse_yaml
from argosy.machinery.text.yaml import load
from tests.vectors import roundtrip

SHARED = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[4] / "shared") / "data"

# ---- JSON ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('{"a":1}', ()),
        ('{"a":1,"a":2}', ("a",)),
        ('{"data":{"a":"1","a":"2"}}', ("data.a",)),
        ('{"l":[{"x":1},{"y":1,"y" : 2}]}', ("l[1].y",)),
        ('{"a":1,"a":2,"a":3}', ("a",)),
        ('{"k":"not a \\"key\\": here"}', ()),
        ('{"k":"\\"fake\\":","k":1}', ("k",)),
        ('[{"a":1,"a":1}]', ("[0].a",)),
        ('"text"', ()),
    ],
)
def test_keys_that_occur_twice_are_found_with_their_path_and_the_last_wins(text: str, paths: tuple[str, ...]) -> None:
    parsed = parse_json(text.encode())
    assert parsed.duplicates == paths
    assert parsed.value == json.loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_document_is_read_as_it_is(value: object) -> None:
    for separators in ((",", ":"), (" , ", " : ")):
        parsed = parse_json(json.dumps(value, separators=separators).encode())
        assert parsed.value == value
        assert parsed.duplicates == ()


def test_depth_and_digits_have_limits() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)

    parse_json(nested(MAX_DEPTH))
    with pytest.raises(BodyError, match="deeper than 200"):
        parse_json(nested(MAX_DEPTH + 1))
    with pytest.raises(BodyError):
        parse_json(b"[" * 100_000)
    parse_json(b"[1." + b"1" * (MAX_DIGITS - 2) + b"]")
    with pytest.raises(BodyError, match="more than 400 digits"):
        parse_json(b"[1." + b"1" * MAX_DIGITS + b"1]")
    with pytest.raises(BodyError):
        parse_json(b"9" * (MAX_DIGITS + 1))
    assert parse_json(b'["%s"]' % (b"7" * 5000)).value == ["7" * 5000]


@pytest.mark.parametrize("text", [b"", b"{bad", b'{"a":NaN}', b"{'a':1}", b'{"a":1}x', b'{"a":"\xff"}', b"\x00"])
def test_what_is_no_json_is_refused_without_showing_where_it_came_from(text: bytes) -> None:
    with pytest.raises(BodyError, match="json parse error"):
        parse_json(text)


# ---- YAML ---------------------------------------------------------------------------------------------------------


def test_yaml_is_read_as_upstream_does() -> None:
    parsed = parse_yaml(b"a: yes\nb: 2026-01-01\nc: [1, 2.5]\nd: {e: null}\n1: x\n")
    assert parsed.value == {"a": True, "b": "2026-01-01", "c": [1, 2.5], "d": {"e": None}, "1": "x"}


def test_a_yaml_bomb_is_an_error() -> None:
    lines = [b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)]
    with pytest.raises(BodyError):
        parse_yaml(b"\n".join(lines))


def test_an_answer_in_yaml_reads_back_equal() -> None:
    shared = {"n": "1", "yes": "no"}
    value = {
        "b": shared,
        "a": shared,
        "list": [],
        "long": "x " * 200,
        "number": 1,
        "text": "1",
        "1e3": "0o7",
        "on": "~",
    }
    text = dump_yaml(value)
    assert load(text) == value
    assert b"&" not in text
    assert list(load(text)) == sorted(value)


# ---- protobuf -----------------------------------------------------------------------------------------------------


def _field(number: int, content: bytes) -> bytes:
    length = len(content)
    spelled = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([number << 3 | 2]) + spelled + content


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    meta = _field(1, api_version.encode()) + _field(2, kind.encode())
    return MAGIC + _field(1, meta) + _field(2, raw)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not here")
def test_upstreams_fixtures_decode_exactly() -> None:
    outcomes = list(roundtrip.run(SHARED))
    assert len(outcomes) >= 40
    assert [outcome for outcome in outcomes if not outcome.passed] == []


def test_delete_options_travel_as_protobuf() -> None:
    preconditions = _field(2, _field(1, b"some-uid"))
    raw = preconditions + _field(4, b"Background") + b"\x08\x00"
    body = envelope("v1", "DeleteOptions", raw)
    assert read_delete_options(body, "application/vnd.kubernetes.protobuf") == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": "some-uid"},
        "propagationPolicy": "Background",
    }


def test_zero_values_mean_absent_where_json_omits_them() -> None:
    raw = _field(1, _field(1, b"a") + _field(3, b"") + _field(5, b"") + b"\x38\x00")
    assert decode(envelope("v1", "ConfigMap", raw), type_key) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
    }


def _deep_schema(depth: int) -> bytes:
    """JSONSchemaProps that contain themselves as `not` (field 28)."""
    message = b""
    for _ in range(depth):
        length, size = b"", len(message)
        while size > 127:
            length += bytes([size & 0x7F | 0x80])
            size >>= 7
        message = b"\xe2\x01" + length + bytes([size]) + message
    return message


def test_nesting_has_a_limit_in_protobuf_too() -> None:
    decode_message(_deep_schema(MAX_DEPTH), "apiextensions/v1.JSONSchemaProps")
    with pytest.raises(BodyError, match="deeper than 200"):
        decode_message(_deep_schema(MAX_DEPTH + 2), "apiextensions/v1.JSONSchemaProps")
    with pytest.raises(BodyError, match="deeper than 200"):
        decode_message(_deep_schema(50_000), "apiextensions/v1.JSONSchemaProps")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"k8s",
        b"k8s\x01",
        MAGIC + b"\x0a\xff",
        MAGIC + b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        MAGIC + b"\x0b\x0c",
        envelope("v1", "ConfigMap", b"\x0a\x7f"),
        envelope("v1", "ConfigMap", b"\x08\x01"),
        envelope("v1", "ConfigMap", _field(1, _field(1, b"\xff\xfe"))),
        envelope("v1", "NoSuchKind", b""),
        envelope("v9", "ConfigMap", b""),
        envelope("v1", "ConfigMap", b"") + _field(3, b"gzip"),
    ],
)
def test_hostile_protobuf_is_refused(body: bytes) -> None:
    with pytest.raises(BodyError):
        decode(body, type_key)


@given(st.binary(max_size=200))
def test_random_bytes_never_do_worse_than_being_refused(noise: bytes) -> None:
    try:
        decode(envelope("v1", "Pod", noise), type_key)
        decode(MAGIC + noise, type_key)
    except BodyError:
        pass
