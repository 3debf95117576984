"""Generates sets of parameters: one file for each generator, listed in `GENERATORS`.

A generator is `async (asked, its JSON) -> sets of parameters`; if it raises GeneratorError, the complete
ApplicationSet stays as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.generators import (
    clusters,
    decisions,
    git,
    listed,
    matrix,
    merge,
    plugin,
    pull_requests,
    scm,
)
from argosy.gitops.applicationsets.params import GeneratorError, selected
from argosy.machinery.objects import JsonObject

Generate = Callable[[GeneratorContext, JsonObject], Awaitable[list[JsonObject]]]

GENERATORS: Final[Mapping[str, Generate]] = {
    "list": listed.generate,
    "clusters": clusters.generate,
    "git": git.generate,
    "scmProvider": scm.generate,
    "pullRequest": pull_requests.generate,
    "clusterDecisionResource": decisions.generate,
    "plugin": plugin.generate,
}
NESTING: Final = 2
"""Matrix and merge may contain one another once (spec 15.2)."""
POLLED: Final = frozenset({"git", "clusterDecisionResource"})
"""Run again after `applicationsetcontroller.requeue.after`."""
REQUEUE: Final[Mapping[str, float]] = {"scmProvider": 1800.0, "pullRequest": 1800.0, "plugin": 1800.0}
"""Seconds after which a host or a web service is asked again. Generators in neither set only follow changes."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The results of one entry of `spec.generators`, and its own template."""

    sets: list[JsonObject]
    template: JsonObject | None


async def generated(asked: GeneratorContext, generators: list[JsonObject]) -> list[Generated]:
    """In order. Raises GeneratorError, or sources.port.SourceError."""
    made = []
    for generator in generators:
        _, options = chosen(generator)
        made.append(Generated(await sets_of(asked, generator, 0), options.get("template")))
    return made


async def sets_of(asked: GeneratorContext, generator: JsonObject, depth: int) -> list[JsonObject]:
    """One entry's sets, after its selector."""
    name, options = chosen(generator)
    if name in ("matrix", "merge"):
        if depth >= NESTING:
            raise GeneratorError(f"{name}: generators can be nested only once")

        async def inner(entry: JsonObject) -> list[JsonObject]:
            return await sets_of(asked, entry, depth + 1)

        combine = matrix.generate if name == "matrix" else merge.generate
        sets = await combine(asked, options, inner)
    else:
        sets = await GENERATORS[name](asked, options)
    return selected(sets, generator.get("selector"))


def chosen(generator: JsonObject) -> tuple[str, JsonObject]:
    """The one generator of an entry. Raises GeneratorError if there are none or several."""
    names = [name for name in (*GENERATORS, "matrix", "merge") if generator.get(name) is not None]
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise GeneratorError(f"each entry of generators must hold exactly one generator, found: {found}")
    return names[0], generator[names[0]]


def requeue_after(generators: list[JsonObject], polled: float = 180.0) -> float | None:
    """The shortest interval of all generators, nested ones included; None if only changes matter.

    `polled`: seconds for generators without an interval of their own; `requeueAfterSeconds: 0` turns polling off.
    """
    waits = (
        wait
        for generator in generators
        for name, options in generator.items()
        if isinstance(options, dict) and (wait := _wait(name, options, polled))
    )
    return min(waits, default=None)


def _wait(name: str, options: JsonObject, polled: float) -> float | None:
    if name in ("matrix", "merge"):
        return requeue_after(list(options.get("generators") or ()), polled)
    if name not in POLLED and name not in REQUEUE:
        return None
    given = options.get("requeueAfterSeconds")
    return float(given) if given is not None else REQUEUE.get(name, polled)
