"""The steps of a RollingSync: their Applications, how many run at a time, and their errors. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.applicationset.spec import RollingStep, StepExpression
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject

NO_STEP: Final = -1


def step_of(app: JsonObject, steps: Sequence[RollingStep]) -> int:
    """Index of the first step that the labels match; -1 if none does."""
    return next(_steps_of(app, steps), NO_STEP)


def _steps_of(app: JsonObject, steps: Sequence[RollingStep]) -> Iterator[int]:
    labels = read(Application, app).metadata.labels
    for at, step in enumerate(steps):
        if all(_matches(expression, labels) for expression in step.match_expressions):
            yield at


def _matches(expression: StepExpression, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression.key), expression.values
    match expression.operator:
        case "In":
            return value in values
        case "NotIn":
            return value is None or value not in values
    return False


def most(step: RollingStep, total: int) -> int | None:
    """How many of a step's Applications may be in progress; None means all.

    Percentages round down, but not to zero. A value that is neither number nor percentage counts as 1, to be safe.
    """
    given = step.max_update
    if given is None:
        return None
    if isinstance(given, int):
        return max(0, given)
    percent = _percent(given)
    if percent is None:
        return 1
    return 0 if percent == 0 else max(1, total * percent // 100)


def _percent(given: object) -> int | None:
    number = str(given).removesuffix("%")
    return int(number) if str(given).endswith("%") and number.isascii() and number.isdigit() else None


def issue(steps: Sequence[RollingStep], applications: Sequence[JsonObject]) -> str:
    """Errors of the steps, or of the Applications' assignment to them; only the most severe one, or ""."""
    return next(filter(None, (_operators(steps), _twice(steps, applications), _limits(steps))), "") or _empty(
        steps, applications
    )


def _operators(steps: Sequence[RollingStep]) -> str:
    for at, step in enumerate(steps, 1):
        for expression in step.match_expressions:
            if expression.operator not in ("In", "NotIn"):
                return f"step {at}: operator {expression.operator!r} is not valid: In or NotIn would be right"
    return ""


def _twice(steps: Sequence[RollingStep], applications: Sequence[JsonObject]) -> str:
    for app in applications:
        found = [str(at + 1) for at in _steps_of(app, steps)]
        if len(found) > 1:
            name = app["metadata"]["name"]
            return f"application {name!r} is selected by steps {', '.join(found)}: it counts to step {found[0]}"
    return ""


def _limits(steps: Sequence[RollingStep]) -> str:
    for at, step in enumerate(steps, 1):
        given = step.max_update
        if given is not None and not isinstance(given, int) and _percent(given) is None:
            return f"step {at}: maxUpdate {given!r} is neither a number nor a percentage: it counts as 1"
    return ""


def _empty(steps: Sequence[RollingStep], applications: Sequence[JsonObject]) -> str:
    used = {at for app in applications for at in _steps_of(app, steps)}
    empty = [str(at + 1) for at in range(len(steps)) if at not in used]
    return f"no application matches the criteria of steps {', '.join(empty)}" if empty else ""
