"""The definitions of all kinds, written by scripts/crd_facts.py: Argo CD's from our classes, the others from facts.

They are read on demand, so that a start loads and generates nothing for them. Parts that occur often are
one object in memory: do not mutate them.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject

PRODUCTS: Final = ("argo-cd", "cert-manager", "kargo", "rollouts", "sealed-secrets")
REFERENCE: Final = "$part"
"""`{"$part": 3}` stands for the fourth of the file's shared parts."""


def published(product: str) -> list[JsonObject]:
    """The CustomResourceDefinitions of one of `PRODUCTS`; only our own have descriptions."""
    facts = orjson.loads((files(__name__) / f"{product}.json").read_bytes())
    parts: list[Any] = []
    for part in facts["parts"]:  # a part refers only to earlier ones
        parts.append(_expanded(part, parts))
    return [_expanded(definition, parts) for definition in facts["definitions"]]


def _expanded(value: Any, parts: list[Any]) -> Any:
    if type(value) is dict:
        if (number := value.get(REFERENCE)) is not None:
            return parts[number]
        return {name: _expanded(item, parts) for name, item in value.items()}
    return [_expanded(item, parts) for item in value] if type(value) is list else value
