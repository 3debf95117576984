"""Steps of a Promotion: tasks replaced by their steps, and a name for each.

Source: spec/kargo.md 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from argosy.machinery import duration
from argosy.machinery.objects import JsonObject

RESERVED: Final = re.compile(r"(step|task)-\d+")
SEPARATOR: Final = "::"
PLURALS: Final = {"PromotionTask": "promotiontasks", "ClusterPromotionTask": "clusterpromotiontasks"}

FindTask = Callable[[str, str], JsonObject | None]
"""(kind, name) -> the task, or None."""


class TaskError(ValueError):
    """A task is absent, or lacks a value for one of its variables."""


def inflated(
    steps: Sequence[Mapping[str, Any]], variables: Sequence[Mapping[str, str]], find: FindTask
) -> list[JsonObject]:
    """Raises TaskError."""
    given = {one["name"]: one.get("value") or "" for one in variables}
    found: list[JsonObject] = []
    for index, step in enumerate(steps):
        task = step.get("task")
        alias = step.get("as") or f"{'task' if task else 'step'}-{index + 1}"
        if not task:
            found.append(_step({**step, "as": alias}))
            continue
        try:
            found += _inlined(step, alias, given, find)
        except TaskError as error:
            raise TaskError(f'inflate task steps for task "{task.get("name")}" ("{alias}"): {error}') from None
    return found


def _inlined(step: Mapping[str, Any], alias: str, given: Mapping[str, str], find: FindTask) -> Iterable[JsonObject]:
    kind, name = step["task"].get("kind") or "PromotionTask", step["task"].get("name") or ""
    if (task := find(kind, name)) is None:
        raise TaskError(f'{PLURALS.get(kind, kind.lower())}.kargo.akuity.io "{name}" not found')
    own = step.get("vars") or ()
    variables = [*_task_variables(task["spec"].get("vars") or (), own, given), *own]
    for index, inner in enumerate(task["spec"].get("steps") or ()):
        inner_alias = inner.get("as") or f"step-{index + 1}"
        together = [*variables, *(inner.get("vars") or ())]
        shaped = {**inner, "as": f"{alias}{SEPARATOR}{inner_alias}", "vars": together}
        yield _step(shaped)


def _task_variables(
    declared: Iterable[Mapping[str, str]], own: Iterable[Mapping[str, str]], given: Mapping[str, str]
) -> Iterable[JsonObject]:
    """Defaults that the Promotion does not give itself; what has no default must come from somewhere."""
    inner = {one["name"]: one.get("value") or "" for one in own}
    for variable in declared:
        name, default = variable["name"], variable.get("value") or ""
        if given.get(name):
            continue
        if default:
            yield {"name": name, "value": default}
        elif not inner.get(name):
            raise TaskError(f'missing value for variable "{name}"')


def _step(step: Mapping[str, Any]) -> JsonObject:
    kept = {name: value for name, value in step.items() if value not in (None, "", []) and name != "task"}
    if timeout := (kept.get("retry") or {}).get("timeout"):
        kept["retry"] = {**kept["retry"], "timeout": duration.spelled(duration.parse(timeout))}
    return kept


def alias_faults(steps: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """(index, what is wrong) of reserved and repeated aliases."""
    found: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for index, step in enumerate(steps):
        alias = (step.get("as") or "").strip()
        if not alias:
            continue
        if RESERVED.fullmatch(alias):
            found.append((index, "step alias is reserved"))
        elif alias in seen:
            found.append((index, f'step alias "{alias}" already used by step {seen[alias]}'))
        else:
            seen[alias] = index
    return found
