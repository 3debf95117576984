"""Steps of a Promotion: tasks are replaced by their steps, and each step gets a name.

Source: spec/kargo.md 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from argosy.apis.kargo.steps import PromotionStep, Steps, TaskReference, Variable
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject

RESERVED: Final = re.compile(r"(step|task)-\d+")
SEPARATOR: Final = "::"
PLURALS: Final = {"PromotionTask": "promotiontasks", "ClusterPromotionTask": "clusterpromotiontasks"}

FindTask = Callable[[str, str], Steps | None]
"""(kind, name) -> the task's, or None."""


class TaskError(ValueError):
    """A task does not exist, or one of its variables has no value."""


def inflated(steps: Sequence[PromotionStep], variables: Sequence[Variable], find: FindTask) -> list[JsonObject]:
    """Raises TaskError."""
    given = {one.name: one.value for one in variables}
    found: list[JsonObject] = []
    for index, step in enumerate(steps):
        task = step.task
        alias = step.as_ or f"{'task' if task else 'step'}-{index + 1}"
        if task is None:
            found.append(_step({**step.raw, "as": alias}))
            continue
        try:
            found += _inlined(step, task, alias, given, find)
        except TaskError as error:
            raise TaskError(f'inflate task steps for task "{task.name}" ("{alias}"): {error}') from None
    return found


def _inlined(
    step: PromotionStep, wanted: TaskReference, alias: str, given: Mapping[str, str], find: FindTask
) -> Iterable[JsonObject]:
    kind = wanted.full_kind
    if (task := find(kind, wanted.name)) is None:
        raise TaskError(f'{PLURALS.get(kind, kind.lower())}.kargo.akuity.io "{wanted.name}" not found')
    variables = [*_task_variables(task.vars, step.vars, given), *(one.raw for one in step.vars)]
    for index, inner in enumerate(task.steps):
        inner_alias = inner.as_ or f"step-{index + 1}"
        together = [*variables, *(one.raw for one in inner.vars)]
        yield _step({**inner.raw, "as": f"{alias}{SEPARATOR}{inner_alias}", "vars": together})


def _task_variables(
    declared: Iterable[Variable], own: Iterable[Variable], given: Mapping[str, str]
) -> Iterable[JsonObject]:
    """Defaults of variables that the Promotion does not set; one without a default must be set."""
    inner = {one.name: one.value for one in own}
    for variable in declared:
        if given.get(variable.name):
            continue
        if variable.value:
            yield {"name": variable.name, "value": variable.value}
        elif not inner.get(variable.name):
            raise TaskError(f'missing value for variable "{variable.name}"')


def _step(step: Mapping[str, Any]) -> JsonObject:
    kept = {name: value for name, value in step.items() if value not in (None, "", []) and name != "task"}
    if timeout := (kept.get("retry") or {}).get("timeout"):
        kept["retry"] = {**kept["retry"], "timeout": duration.spelled(duration.parse(timeout))}
    return kept
