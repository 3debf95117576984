"""Evaluates a query at one point in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import re2

from argosy.machinery.promql.nodes import Aggregation, Binary, Call, Matcher, Negated, Node, Number, Selector, Text
from argosy.machinery.promql.parser import PromqlError

SERIES_LIMIT = 50_000
Labels = tuple[tuple[str, str], ...]
"""Sorted by name; the metric's name is `__name__`."""


class Sample(NamedTuple):
    labels: Labels
    value: float


class Source(Protocol):
    """A source of series."""

    def series(self, name: str) -> Iterable[Labels]:
        """Those of a metric, or all when `name` is empty."""
        ...

    def at(self, labels: Labels, moment: float) -> float | None:
        """The value at a time in seconds; None before the series started."""
        ...

    def extremes(self, labels: Labels, start: float, end: float) -> Sequence[float]:
        """The values at which the series' slope changed, in order, including both ends."""
        ...


Vector = list[Sample]
Value = float | str | Vector


def evaluate(node: Node, source: Source, moment: float) -> Value:
    """A number, a text, or samples. Raises PromqlError."""
    return _Evaluation(source, moment).value(node)


class _Evaluation:
    def __init__(self, source: Source, moment: float) -> None:
        self._source, self._moment = source, moment

    def value(self, node: Node) -> Value:
        match node:
            case Number() | Text():
                return node.value
            case Selector():
                return self._instant(node)
            case Negated():
                body = self.value(node.body)
                if isinstance(body, list):
                    return [Sample(_unnamed(labels), -value) for labels, value in body]
                return -self._number(body)
            case Binary():
                return self._binary(node)
            case Aggregation():
                return self._aggregated(node)
            case Call():
                return self._call(node)

    def _number(self, value: Value) -> float:
        if not isinstance(value, float | int):
            raise PromqlError("a number is wanted here")
        return float(value)

    def _vector(self, node: Node) -> Vector:
        found = self.value(node)
        if not isinstance(found, list):
            raise PromqlError("an instant vector is wanted here")
        return found

    def _chosen(self, selector: Selector) -> list[Labels]:
        exact = [one.value for one in selector.matchers if (one.label, one.operator) == ("__name__", "=")]
        found = []
        for labels in self._source.series(exact[0] if exact else ""):
            named = dict(labels)
            if all(_matches(matcher, named.get(matcher.label, "")) for matcher in selector.matchers):
                found.append(labels)
                if len(found) > SERIES_LIMIT:
                    raise PromqlError(f"the query selects more than {SERIES_LIMIT} series")
        return found

    def _instant(self, selector: Selector) -> Vector:
        if selector.range:
            raise PromqlError("a range vector is only an argument of functions")
        moment = self._moment - selector.offset
        values = ((labels, self._source.at(labels, moment)) for labels in self._chosen(selector))
        return [Sample(labels, value) for labels, value in values if value is not None]

    # -- functions ---------------------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Value:
        name, arguments = node.function, node.arguments
        if name in _RANGED:
            return self._over_range(name, arguments)
        if name in _PLAIN:
            self._count(name, arguments, 1)
            work = _PLAIN[name]
            return [Sample(_unnamed(labels), work(value)) for labels, value in self._vector(arguments[0])]
        special = getattr(self, f"_call_{name}", None)
        if special is None:
            raise PromqlError(f"unknown function with name {name!r}, or one that is not supported here")
        found: Value = special(arguments)
        return found

    def _count(self, name: str, arguments: Sequence[Node], wanted: int) -> None:
        if len(arguments) != wanted:
            raise PromqlError(f"{name} takes {wanted} arguments, not {len(arguments)}")

    def _over_range(self, name: str, arguments: Sequence[Node]) -> Vector:
        self._count(name, arguments, 1)
        selector = arguments[0]
        if not isinstance(selector, Selector) or not selector.range:
            raise PromqlError(f"{name} wants a range vector, such as metric[5m]")
        end = self._moment - selector.offset
        start = end - selector.range
        found = []
        for labels in self._chosen(selector):
            values = self._source.extremes(labels, start, end)
            if values:
                found.append(Sample(_unnamed(labels), _RANGED[name](values, selector.range)))
        return found

    def _call_scalar(self, arguments: Sequence[Node]) -> float:
        self._count("scalar", arguments, 1)
        found = self._vector(arguments[0])
        return found[0].value if len(found) == 1 else math.nan

    def _call_vector(self, arguments: Sequence[Node]) -> Vector:
        self._count("vector", arguments, 1)
        return [Sample((), self._number(self.value(arguments[0])))]

    def _call_time(self, arguments: Sequence[Node]) -> float:
        return self._moment

    def _call_absent(self, arguments: Sequence[Node]) -> Vector:
        self._count("absent", arguments, 1)
        return [] if self._vector(arguments[0]) else [Sample((), 1.0)]

    def _call_clamp_min(self, arguments: Sequence[Node]) -> Vector:
        self._count("clamp_min", arguments, 2)
        low = self._number(self.value(arguments[1]))
        return [Sample(_unnamed(labels), max(value, low)) for labels, value in self._vector(arguments[0])]

    def _call_clamp_max(self, arguments: Sequence[Node]) -> Vector:
        self._count("clamp_max", arguments, 2)
        high = self._number(self.value(arguments[1]))
        return [Sample(_unnamed(labels), min(value, high)) for labels, value in self._vector(arguments[0])]

    def _call_histogram_quantile(self, arguments: Sequence[Node]) -> Vector:
        self._count("histogram_quantile", arguments, 2)
        quantile = self._number(self.value(arguments[0]))
        groups: dict[Labels, list[tuple[float, float]]] = {}
        for labels, value in self._vector(arguments[1]):
            named = dict(labels)
            if (bound := named.pop("le", None)) is not None:
                named.pop("__name__", None)
                groups.setdefault(_sorted(named), []).append((float(bound.replace("+Inf", "inf")), value))
        return [Sample(labels, _quantile(quantile, sorted(buckets))) for labels, buckets in groups.items()]

    # -- aggregations ------------------------------------------------------------------------------------------------

    def _aggregated(self, node: Aggregation) -> Vector:
        groups: dict[Labels, Vector] = {}
        for sample in self._vector(node.body):
            groups.setdefault(_group(sample.labels, node.labels, without=node.without), []).append(sample)
        if node.operator in ("topk", "bottomk"):
            assert node.parameter is not None
            count = max(0, int(self._number(self.value(node.parameter))))
            best = node.operator == "topk"
            ordered = (sorted(samples, key=lambda sample: sample.value, reverse=best) for samples in groups.values())
            return [sample for samples in ordered for sample in samples[:count]]
        if node.operator == "quantile":
            assert node.parameter is not None
            share = self._number(self.value(node.parameter))
            return [Sample(labels, _rank(share, [s.value for s in samples])) for labels, samples in groups.items()]
        work = _AGGREGATIONS[node.operator]
        return [Sample(labels, work([sample.value for sample in samples])) for labels, samples in groups.items()]

    # -- operators ---------------------------------------------------------------------------------------------------

    def _binary(self, node: Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if node.operator in ("and", "or", "unless"):
            return _set_operation(node, left, right)
        work = _OPERATORS.get(node.operator)
        compares = work is None
        if isinstance(left, list) and isinstance(right, list):
            return _matched(node, left, right)
        if isinstance(left, list) or isinstance(right, list):
            vector, number = (left, right) if isinstance(left, list) else (right, left)
            assert isinstance(vector, list)
            scalar, swapped = self._number(number), not isinstance(left, list)
            found = []
            for labels, value in vector:
                result = _applied(node, *((scalar, value) if swapped else (value, scalar)))
                if compares and not node.returns_bool:
                    if result:
                        found.append(Sample(labels, value))
                else:
                    found.append(Sample(_unnamed(labels), result))
            return found
        if compares and not node.returns_bool:
            raise PromqlError("comparisons between scalars must use the bool modifier")
        return _applied(node, self._number(left), self._number(right))


def _applied(node: Binary, left: float, right: float) -> float:
    work = _OPERATORS.get(node.operator)
    if work is not None:
        return work(left, right)
    return float(_COMPARISONS[node.operator](left, right))


def _matched(node: Binary, left: Vector, right: Vector) -> Vector:
    """One to one, or many to one with `group_left` and `group_right`."""
    many, one = (right, left) if node.group == "right" else (left, right)
    by_key: dict[Labels, Sample] = {}
    for sample in one:
        if by_key.setdefault(_key(node, sample.labels), sample) is not sample:
            raise PromqlError("found duplicate series for the match group on one side of the operation")
    found: Vector = []
    seen: set[Labels] = set()
    for sample in many:
        key = _key(node, sample.labels)
        other = by_key.get(key)
        if other is None:
            continue
        if not node.group and key in seen:
            raise PromqlError("multiple matches for labels: many-to-one matching must be explicit (group_left)")
        seen.add(key)
        first, second = (other, sample) if node.group == "right" else (sample, other)
        result = _applied(node, first.value, second.value)
        if node.operator in _COMPARISONS and not node.returns_bool:
            if result:
                found.append(Sample(sample.labels, first.value))
            continue
        found.append(Sample(_unnamed(sample.labels) if node.group else key, result))
    return found


def _set_operation(node: Binary, left: Value, right: Value) -> Vector:
    if not isinstance(left, list) or not isinstance(right, list):
        raise PromqlError(f"set operator {node.operator!r} is not allowed between scalars")
    keys = {_key(node, sample.labels) for sample in right}
    if node.operator == "and":
        return [sample for sample in left if _key(node, sample.labels) in keys]
    if node.operator == "unless":
        return [sample for sample in left if _key(node, sample.labels) not in keys]
    own = {_key(node, sample.labels) for sample in left}
    return [*left, *(sample for sample in right if _key(node, sample.labels) not in own)]


def _key(node: Binary, labels: Labels) -> Labels:
    if node.on is not None:
        return tuple(item for item in labels if item[0] in node.on)
    return tuple(item for item in labels if item[0] != "__name__" and item[0] not in node.ignoring)


def _group(labels: Labels, names: tuple[str, ...], *, without: bool) -> Labels:
    if without:
        return tuple(item for item in labels if item[0] not in names and item[0] != "__name__")
    return tuple(item for item in labels if item[0] in names)


def _unnamed(labels: Labels) -> Labels:
    return tuple(item for item in labels if item[0] != "__name__")


def _sorted(named: Mapping[str, str]) -> Labels:
    return tuple(sorted(named.items()))


def _matches(matcher: Matcher, value: str) -> bool:
    match matcher.operator:
        case "=":
            return value == matcher.value
        case "!=":
            return value != matcher.value
        case "=~":
            return _pattern(matcher.value).fullmatch(value) is not None
        case _:
            return _pattern(matcher.value).fullmatch(value) is None


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    try:
        return re2.compile(text)
    except re2.error:
        raise PromqlError(f"error parsing regexp: {text!r}") from None


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)


def _power(left: float, right: float) -> float:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return result if isinstance(result, float) else math.nan


def _quantile(quantile: float, buckets: list[tuple[float, float]]) -> float:
    """Linear within a bucket, as in Prometheus."""
    if not buckets or buckets[-1][0] != math.inf or len(buckets) < 2 or not buckets[-1][1]:
        return math.nan
    if not 0 <= quantile <= 1:
        return math.inf if quantile > 1 else -math.inf
    rank = quantile * buckets[-1][1]
    index = next(i for i, (_, count) in enumerate(buckets) if count >= rank)
    if index == len(buckets) - 1:
        return buckets[-2][0]
    low = buckets[index - 1][0] if index else 0.0
    before = buckets[index - 1][1] if index else 0.0
    inside = buckets[index][1] - before
    return low + (buckets[index][0] - low) * ((rank - before) / inside if inside else 1.0)


def _rank(share: float, values: list[float]) -> float:
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low, high = max(0, math.floor(at)), min(len(ordered) - 1, math.ceil(at))
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divided,
    "%": lambda a, b: math.fmod(a, b) if b else math.nan,
    "^": _power,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
    "stddev": _deviation,
}
_RANGED: dict[str, Callable[[Sequence[float], float], float]] = {
    "rate": lambda values, seconds: (values[-1] - values[0]) / seconds,
    "irate": lambda values, seconds: (values[-1] - values[0]) / seconds,
    "increase": lambda values, seconds: values[-1] - values[0],
    "delta": lambda values, seconds: values[-1] - values[0],
    "avg_over_time": lambda values, seconds: sum(values) / len(values),
    "min_over_time": lambda values, seconds: min(values),
    "max_over_time": lambda values, seconds: max(values),
    "sum_over_time": lambda values, seconds: sum(values),
    "count_over_time": lambda values, seconds: float(len(values)),
    "last_over_time": lambda values, seconds: values[-1],
}
_PLAIN: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": lambda value: float(math.ceil(value)) if math.isfinite(value) else value,
    "floor": lambda value: float(math.floor(value)) if math.isfinite(value) else value,
    "round": lambda value: float(math.floor(value + 0.5)) if math.isfinite(value) else value,
    "sqrt": lambda value: math.sqrt(value) if value >= 0 else math.nan,
}
