"""How the Application steps select Applications: by name or by selector."""

from __future__ import annotations

from typing import Final

from argosy.promotion.steps.schema import FILLED, TEXT, Schema, body, each, one_of

SELECTOR: Final[Schema] = body(
    any_of=[
        {"required": ["matchLabels"], "properties": {"matchLabels": {"minProperties": 1}}},
        {"required": ["matchExpressions"], "properties": {"matchExpressions": {"minItems": 1}}},
    ],
    matchLabels={"type": "object", "additionalProperties": TEXT},
    matchExpressions=each(
        body("key operator", key=FILLED, operator=one_of("In", "NotIn", "Exists", "DoesNotExist"), values=each(TEXT))
    ),
)
APP_CHOICE: Final[list[Schema]] = [
    {"required": ["name"], "properties": {"name": {"minLength": 1}, "selector": {"enum": [None]}}},
    {"required": ["selector"], "properties": {"name": {"enum": ["", None]}}},
]
