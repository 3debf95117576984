from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

import pytest

from argosy.server.api.schema.shapes import Unfit, fit, object_schema


class Part(TypedDict):
    """A part."""

    size: int
    ratio: NotRequired[float]


class Whole(TypedDict):
    name: str
    parts: list[Part]
    kind: Literal["a", "b"]
    more: dict[str, str]
    maybe: str | None


GOOD: dict[str, Any] = {"name": "n", "parts": [{"size": 1, "ratio": 2}], "kind": "a", "more": {"x": "y"}, "maybe": None}


def test_a_value_of_its_type_is_taken() -> None:
    assert fit(GOOD, Whole, "body") == {**GOOD, "parts": [{"size": 1, "ratio": 2.0}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 5}, "body.name: 5 is not a string"),
        ({"parts": {}}, "body.parts: {} is not a list"),
        ({"parts": [{"size": "1"}]}, "body.parts[0].size: '1' is not an integer"),
        ({"parts": [{"size": True}]}, "body.parts[0].size: True is not an integer"),
        ({"parts": [{}]}, "body.parts[0].size: is missing"),
        ({"kind": "c"}, "body.kind: 'c' is none of a, b"),
        ({"more": {"x": 1}}, "body.more.x: 1 is not a string"),
        ({"maybe": 1}, "body.maybe: 1 is not a string"),
        ({"other": 1}, "body.other: there is no such field; there are kind, maybe, more, name, parts"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(Unfit) as unfit:
        fit({**GOOD, **change}, Whole, "body")

    assert str(unfit.value) == message


def test_a_type_is_described() -> None:
    referred: list[str] = []

    def refer(found: type) -> str:
        referred.append(found.__name__)
        return f"#/{found.__name__}"

    schema = object_schema(Whole, refer)

    assert schema["properties"]["parts"] == {"type": "array", "items": {"$ref": "#/Part"}}
    assert schema["properties"]["kind"] == {"type": "string", "enum": ["a", "b"]}
    assert schema["properties"]["maybe"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert schema["required"] == ["kind", "maybe", "more", "name", "parts"]
    assert object_schema(Part, refer)["required"] == ["size"]
    assert object_schema(Part, refer)["description"] == "A part."
    assert referred == ["Part"]
