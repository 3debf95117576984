"""`merge`: the first generator's sets, each overlaid by those of the others with equal merge keys."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from argosy.apis.argoproj.applicationset.generators import MergeGenerator
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError, deep_merged
from argosy.machinery.objects import JsonObject

Inner = Callable[[JsonObject], Awaitable[list[JsonObject]]]


async def generate(asked: GeneratorContext, options: JsonObject, inner: Inner) -> list[JsonObject]:
    given = read(MergeGenerator, options)
    children, keys = [child.raw for child in given.generators], list(given.merge_keys)
    if len(children) < 2:
        raise GeneratorError(f"merge: at least two generators are needed, found {len(children)}")
    if not keys:
        raise GeneratorError("merge: no merge keys were specified, merge requires at least one")
    merged = by_keys(await inner(children[0]), keys)
    for child in children[1:]:
        for identity, over in by_keys(await inner(child), keys).items():
            if identity in merged:
                under = merged[identity]
                merged[identity] = deep_merged(under, over) if asked.engine.is_go else {**under, **over}
    return list(merged.values())


def by_keys(sets: list[JsonObject], keys: list[str]) -> dict[str, JsonObject]:
    """In the generator's order. Two sets with the same key are an error, since neither takes precedence."""
    made: dict[str, JsonObject] = {}
    for values in sets:
        identity = json.dumps([_value(values, key) for key in sorted(set(keys))], sort_keys=True)
        if identity in made:
            raise GeneratorError(
                f"merge: the parameters from a generator were not unique by the given mergeKeys: {identity}"
            )
        made[identity] = values
    return made


def _value(values: JsonObject, key: str) -> Any:
    """A key itself, or a dotted path into nested parameters."""
    if key in values:
        return values[key]
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found
