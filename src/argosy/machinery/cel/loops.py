"""The macros over lists and maps: `all`, `exists`, `filter`, `map` and so on, with cel-go's price per iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from argosy.machinery.cel.errors import COST_LIMIT, NO_OVERLOAD, CelError, CostExceeded
from argosy.machinery.cel.meter import Meter, Step
from argosy.machinery.cel.nodes import Loop


def loop(node: Loop, over: Step, condition: Step | None, result: Step | None) -> Step:
    """`over` evaluates to the collection; `condition` and `result` are evaluated for each element."""
    work = _LOOPS[node.kind]
    variables = node.names

    def run(names: dict[str, Any], meter: Meter) -> Any:
        elements = _elements(over(names, meter), len(variables))
        inner = dict(names)
        return work(_turns(elements, variables, inner, meter), inner, meter, condition, result)

    return run


def _elements(found: Any, count: int) -> Iterator[tuple[Any, ...]]:
    if type(found) is list:
        return zip(found, strict=False) if count == 1 else iter(list(enumerate(found)))
    if type(found) is dict:
        return zip(list(found), strict=False) if count == 1 else iter(list(found.items()))
    raise CelError(NO_OVERLOAD)


def _turns(
    elements: Iterator[tuple[Any, ...]], variables: tuple[str, ...], inner: dict[str, Any], meter: Meter
) -> Iterator[Any]:
    """Binds each element in turn; yields the value of the (first) variable."""
    for element in elements:
        if meter.left < 0:
            raise CostExceeded(COST_LIMIT)
        inner.update(zip(variables, element, strict=True))
        yield element[0]


def _holds(value: Any) -> bool:
    if type(value) is not bool:
        raise CelError(NO_OVERLOAD)
    return value


def _all(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> bool:
    return _decided(turns, inner, meter, condition, decides=False, price=3)


def _exists(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> bool:
    return _decided(turns, inner, meter, condition, decides=True, price=4)


def _decided(
    turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Step, *, decides: bool, price: int
) -> bool:
    failure: CelError | None = None
    meter.left -= 1
    for _ in turns:
        meter.left -= price
        try:
            if _holds(condition(inner, meter)) is decides:
                return decides
        except CostExceeded:
            raise
        except CelError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return not decides


def _exists_one(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> bool:
    count = 0
    meter.left -= 2
    for _ in turns:
        if _holds(condition(inner, meter)):
            count += 1
            meter.left -= 1
        meter.left -= 1
    return count == 1


def _filter(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> list[Any]:
    found: list[Any] = []
    meter.left -= 11
    for element in turns:
        if _holds(condition(inner, meter)):
            found.append(element)
            meter.left -= 12
        meter.left -= 1
    meter.made(len(found))
    return found


def _transform(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> list[Any]:
    found: list[Any] = []
    meter.left -= 11
    for _ in turns:
        if condition is not None and not _holds(condition(inner, meter)):
            meter.left -= 1
            continue
        found.append(result(inner, meter))
        meter.left -= 12
        meter.made(1)
    return found


def _transform_map(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> Any:
    found: dict[Any, Any] = {}
    meter.left -= 31
    for key in turns:
        meter.left -= 2
        if condition is None or _holds(condition(inner, meter)):
            found[key] = result(inner, meter)
            meter.made(1)
    return found


def _transform_entries(turns: Iterator[Any], inner: dict[str, Any], meter: Meter, condition: Any, result: Any) -> Any:
    found: dict[Any, Any] = {}
    meter.left -= 31
    for _ in turns:
        meter.left -= 2
        if condition is None or _holds(condition(inner, meter)):
            made = result(inner, meter)
            if type(made) is not dict:
                raise CelError(NO_OVERLOAD)
            for key, value in made.items():
                if key in found:
                    raise CelError(f"insert failed: key '{key}' already exists")
                found[key] = value
            meter.made(len(made))
    return found


_LOOPS: dict[str, Callable[..., Any]] = {
    "all": _all,
    "exists": _exists,
    "existsOne": _exists_one,
    "filter": _filter,
    "map": _transform,
    "transformList": _transform,
    "transformMap": _transform_map,
    "transformMapEntry": _transform_entries,
}
