"""The short way past defaulting and pruning is the long way."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from argosy.machinery.structural import compile_schema, default, filling, prune

NAMES = ("a", "b", "metadata", "kind")
SCALARS = st.sampled_from([0, 1, "x", True])
VALUES = st.recursive(
    SCALARS | st.none(),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from((*NAMES, "free")), below, max_size=3),
    max_leaves=8,
)


def _object(properties: dict[str, Any], flags: dict[str, bool]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **{name: True for name, is_set in flags.items() if is_set}}


LEAVES = st.sampled_from(
    [{"type": "integer"}, {"type": "string", "default": "x"}, {"type": "boolean", "nullable": True}]
)
FLAGS = st.fixed_dictionaries(
    {
        "x-kubernetes-preserve-unknown-fields": st.booleans(),
        "x-kubernetes-embedded-resource": st.booleans(),
        "nullable": st.booleans(),
    }
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.builds(_object, st.dictionaries(st.sampled_from(NAMES), below, max_size=3), FLAGS),
        below.map(lambda one: {"type": "object", "additionalProperties": one}),
        below.map(lambda one: {"type": "array", "items": one}),
    ),
    max_leaves=6,
)
ROOTS = st.builds(_object, st.dictionaries(st.sampled_from(NAMES), SCHEMAS, max_size=4), st.just({}))
OBJECTS = st.dictionaries(st.sampled_from((*NAMES, "free")), VALUES, max_size=4)


@given(ROOTS, OBJECTS)
def test_what_is_found_whole_at_once_is_neither_filled_nor_pruned(schema: dict[str, Any], obj: dict[str, Any]) -> None:
    node = compile_schema(schema)
    is_whole = filling._is_complete(node, obj, root=True)  # it is told nowhere
    event(f"whole: {is_whole}")
    if is_whole:
        unknown: filling.Findings = ([], [])
        assert filling._default(node, obj) is obj
        assert filling._prune_map(node, obj, "", unknown, root=True) is obj
        assert unknown == ([], [])


def test_a_stored_object_is_found_whole() -> None:
    text = {"type": "string", "default": "x"}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    rows = {"type": "array", "items": _object({"name": text}, {})}
    labels = {"type": "object", "additionalProperties": text}
    spec = _object({"text": text, "free": free, "rows": rows, "labels": labels}, {})
    node = compile_schema(_object({"metadata": {"type": "object"}, "spec": spec}, {}))
    given: dict[str, Any] = {
        "kind": "A",
        "metadata": {"name": "a"},
        "spec": {"rows": [{}], "free": {"b": None}, "labels": {"c": "d"}},
    }
    stored = prune(node, default(node, given))[0]
    assert stored["spec"] == {**given["spec"], "text": "x", "rows": [{"name": "x"}]}
    assert filling._is_complete(node, stored, root=True)
