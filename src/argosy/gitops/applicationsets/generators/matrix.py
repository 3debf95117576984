"""`matrix`: every set of the first generator with every set of the second, which may use the first's parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argosy.gitops.applicationsets.asked import Asked
from argosy.gitops.applicationsets.params import GeneratorError, deep_merged
from argosy.machinery.objects import JsonObject

MOST_SETS: Final = 100_000
Inner = Callable[[JsonObject], Awaitable[list[JsonObject]]]


async def generate(asked: Asked, options: JsonObject, inner: Inner) -> list[JsonObject]:
    children = list(options.get("generators") or ())
    if len(children) != 2:
        raise GeneratorError(f"matrix: exactly two generators are needed, found {len(children)}")
    made: list[JsonObject] = []
    for first in await inner(children[0]):
        for second in await inner(asked.engine.value(_without_template(children[1]), first)):
            made.append(combined(first, second, is_go=asked.engine.is_go))
            if len(made) > MOST_SETS:
                raise GeneratorError(f"matrix: more than {MOST_SETS} sets of parameters")
    return made


def combined(first: JsonObject, second: JsonObject, *, is_go: bool) -> JsonObject:
    """For Go templates the first wins, map by map; for plain ones, a key with two values is an error."""
    if is_go:
        return deep_merged(second, first)
    for key in first.keys() & second.keys():
        if first[key] != second[key]:
            raise GeneratorError(
                f"matrix: found duplicate key {key} with different value, {first[key]!r} ({second[key]!r})"
            )
    return {**first, **second}


def _without_template(generator: JsonObject) -> JsonObject:
    """A child's own template is not used; rendering it would cost, or fail."""
    return {
        name: {key: item for key, item in part.items() if key != "template"} if isinstance(part, dict) else part
        for name, part in generator.items()
    }
