"""Whether a measured value is a success: `successCondition` and `failureCondition` over `result`, in expr-lang.

Types are checked against the actual value, also in branches that are not taken: comparing a text with a number is an
error, not false. Source: spec/rollouts-analysis-traffic.md 11.5; argo-rollouts: utils/evaluate/evaluate.go.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any, Final

from gotime import Time

from argosy.analysis.phases import FAILED, INCONCLUSIVE, SUCCESSFUL
from argosy.apis.rollouts.metrics import Metric
from argosy.expr.exprlang import ExprError, Fault, Function, Int64, compile_expression, nature_of, natures
from argosy.expr.exprlang.functions.conversions import parse_float
from argosy.expr.exprlang.values import printed, type_name

_INT: Final = re.compile(r"[+-]?\d+", re.ASCII)
_HALF: Final = 2**63


class ConditionError(ValueError):
    """A condition could not be evaluated; the text is the measurement's message."""


def evaluate_result(result: object, metric: Metric) -> str:
    """The phase of a measurement. Raises ConditionError."""
    success = failure = False
    if metric.success_condition:
        success = _judged(result, "successCondition", metric.success_condition)
    if metric.failure_condition:
        failure = _judged(result, "failureCondition", metric.failure_condition)
    if not metric.success_condition and not metric.failure_condition:
        return SUCCESSFUL
    if not metric.failure_condition:
        failure = not success
    elif not metric.success_condition:
        success = not failure
    return FAILED if failure else SUCCESSFUL if success else INCONCLUSIVE


def _judged(result: object, kind: str, condition: str) -> bool:
    try:
        return evaluate_condition(result, condition)
    except ConditionError as error:
        cause = str(error)
        if result is None or (isinstance(result, list) and not result):
            cause = "metric result is nil or empty: no data returned from the metric provider"
        raise ConditionError(f'could not evaluate {kind} "{condition}": {cause}') from None


def evaluate_condition(result: object, condition: str) -> bool:
    """Raises ConditionError."""
    names: dict[str, Any] = {"result": result, **_functions(result)}
    try:
        program = compile_expression(condition, {name: nature_of(value) for name, value in names.items()})
        found = program.run(names)
    except ExprError as error:
        raise ConditionError(error.message) from None
    if not isinstance(found, bool):
        raise ConditionError(f"expected bool, but got {type_name(found)}")
    return found


def evaluate_time(expression: str, now: datetime) -> datetime:
    """A time in a range query: `now() - duration("1h")`. Raises ConditionError."""
    names = {"isNaN": _IS_NAN, "isInf": _IS_INF}
    try:
        found = compile_expression(expression, {name: one.nature for name, one in names.items()}).run(names, now)
    except ExprError as error:
        raise ConditionError(error.message) from None
    if not isinstance(found, Time):
        raise ConditionError(f"expected time.Time, but got {type_name(found)}")
    try:
        return found.to_datetime()
    except (OverflowError, ValueError):
        raise ConditionError(f"the time {found} is out of range") from None


def _functions(result: object) -> dict[str, Function]:
    """`isNil` and `default` check the complete result, whatever their argument is, as upstream."""
    return {
        "asInt": _AS_INT,
        "asFloat": _AS_FLOAT,
        "isNaN": _IS_NAN,
        "isInf": _IS_INF,
        "isNil": Function(lambda value: result is None, 1, 1, _ANY_TO_BOOL),
        "default": Function(lambda value, other: other if result is None else result, 2, 2, _TWO_ANY),
    }


def _number(name: str, value: object) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    go_type = "<nil>" if value is None else type_name(value)
    raise Fault(f"{name}() not supported on {go_type} {printed(value)}")


def _as_int(value: object) -> Int64:
    if isinstance(value, str):
        if not _INT.fullmatch(value):
            raise Fault(f'strconv.ParseInt: parsing "{value}": invalid syntax')
        if len(value) > 20 or not -_HALF <= int(value) < _HALF:
            raise Fault(f'strconv.ParseInt: parsing "{value}": value out of range')
        return Int64(value)
    number = _number("asInt", value)
    return Int64(number) if math.isfinite(number) and abs(number) < _HALF else Int64(-_HALF)


def _as_float(value: object) -> float:
    if isinstance(value, str):
        found = parse_float(value)
        if found is None:
            raise Fault(f'strconv.ParseFloat: parsing "{value}": invalid syntax')
        return found
    return float(_number("asFloat", value))


def _float(value: object) -> float:
    """Go checks the type at the call: an int is not a float."""
    if isinstance(value, float):
        return value
    found = "nil" if value is None else type_name(value)
    raise Fault(f"interface conversion: interface {{}} is {found}, not float64")


_ANY_TO_BOOL: Final = natures.function(natures.ANY, result=natures.BOOL)
_TWO_ANY: Final = natures.function(natures.ANY, natures.ANY)
_FLOAT_TO_BOOL: Final = natures.function(natures.FLOAT, result=natures.BOOL)
_AS_INT: Final = Function(_as_int, 1, 1, natures.function(natures.ANY, result=natures.INT64))
_AS_FLOAT: Final = Function(_as_float, 1, 1, natures.function(natures.ANY, result=natures.FLOAT))
_IS_NAN: Final = Function(lambda value: math.isnan(_float(value)), 1, 1, _FLOAT_TO_BOOL)
_IS_INF: Final = Function(lambda value: math.isinf(_float(value)), 1, 1, _FLOAT_TO_BOOL)
