"""`matrix`: every set of the first generator with every set of the second, which may use the first's parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argosy.apis.argoproj.applicationset.generators import MatrixGenerator
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError, deep_merged
from argosy.gitops.applicationsets.template import Engine
from argosy.machinery.objects import JsonObject

MOST_SETS: Final = 100_000
Inner = Callable[[JsonObject], Awaitable[list[JsonObject]]]


async def generate(asked: GeneratorContext, options: JsonObject, inner: Inner) -> list[JsonObject]:
    children = [child.raw for child in read(MatrixGenerator, options).generators]
    if len(children) != 2:
        raise GeneratorError(f"matrix: exactly two generators are needed, found {len(children)}")
    made: list[JsonObject] = []
    for first in await inner(children[0]):
        for second in await inner(filled(asked.engine, children[1], first)):
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


def filled(engine: Engine, generator: JsonObject, first: JsonObject) -> JsonObject:
    """The second generator with the first's parameters inserted.

    Its own template is ignored, and left out. A text in its `values` that refers to parameters that the first does not
    have is kept for its own parameters.
    """
    return {name: _filled(engine, part, first) if isinstance(part, dict) else part for name, part in generator.items()}


def _filled(engine: Engine, part: JsonObject, first: JsonObject) -> JsonObject:
    apart = {key: part[key] for key in ("values", "generators") if part.get(key)}
    made: JsonObject = engine.value({k: v for k, v in part.items() if k not in ("template", *apart)}, first)
    if "generators" in apart:
        made["generators"] = [filled(engine, entry, first) for entry in apart["generators"]]
    if "values" in apart:
        made["values"] = {key: engine.known(str(text), first) for key, text in apart["values"].items()}
    return made
