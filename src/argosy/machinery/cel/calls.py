"""Calls: the overload is chosen by static types where they are known, else by the values, and cached.

Errors are absorbed where upstream absorbs them: `false && error` is false, `true || error` is true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from argosy.machinery.cel.errors import COST_LIMIT, NO_OVERLOAD, CelError, CostExceeded
from argosy.machinery.cel.library import library
from argosy.machinery.cel.meter import Meter, Step
from argosy.machinery.cel.nodes import Call
from argosy.machinery.cel.overloads import Overload
from argosy.machinery.cel.values import NONE, Opaque, Optional, type_name


def call(node: Call, parts: list[Step]) -> Step:
    """`parts` are the target, if there is one, and the arguments."""
    special = _SPECIAL.get(node.function)
    if special is not None:
        return special(*parts)
    if node.function in ("_[_]", "_[?_]"):
        return _indexed(node, parts)
    if len(node.overloads) == 1 and not _is_dynamic(node):
        return _direct(node.overloads[0], parts)
    return _dispatched(node.overloads, parts)


def _is_dynamic(node: Call) -> bool:
    given = [node.target, *node.arguments] if node.target is not None else node.arguments
    return any(part is None or part.type is None or part.type.name in ("dyn", "null_type") for part in given)


def _direct(overload: Overload, parts: list[Step]) -> Step:
    work, spent = overload.run, overload.price.spent

    def run(names: dict[str, Any], meter: Meter) -> Any:
        arguments = [part(names, meter) for part in parts]
        result = work(*arguments)
        meter.left -= 1 if spent is None else spent(arguments, result)
        if meter.left < 0:
            raise CostExceeded(COST_LIMIT)
        if type(result) in _SIZED:
            meter.made(len(result))
        return result

    return run


_SIZED = frozenset({str, bytes, list, dict})


def _dispatched(overloads: tuple[Overload, ...], parts: list[Step]) -> Step:
    """The overload is chosen by the values, and cached by their types."""
    if len(parts) == 2:
        return _dispatched_pair(overloads, *parts)
    chosen: dict[tuple[str, ...], Overload] = {}

    def run(names: dict[str, Any], meter: Meter) -> Any:
        arguments = [part(names, meter) for part in parts]
        kinds = tuple([type_name(argument) for argument in arguments])
        overload = chosen.get(kinds)
        if overload is None:
            overload = chosen[kinds] = _choice(overloads, kinds)
        result = overload.run(*arguments)
        meter.left -= 1 if overload.price.spent is None else overload.price.spent(arguments, result)
        if meter.left < 0:
            raise CostExceeded(COST_LIMIT)
        if type(result) in _SIZED:
            meter.made(len(result))
        return result

    return run


def _dispatched_pair(overloads: tuple[Overload, ...], left: Step, right: Step) -> Step:
    """Like `_dispatched`, for binary operators: most of what rules do."""
    chosen: dict[tuple[type, type], tuple[Callable[..., Any], Callable[..., int] | None]] = {}

    def run(names: dict[str, Any], meter: Meter) -> Any:
        one, other = left(names, meter), right(names, meter)
        kinds = type(one), type(other)
        known = chosen.get(kinds)
        if known is None:
            overload = _choice(overloads, (type_name(one), type_name(other)))
            known = overload.run, overload.price.spent
            if Opaque not in kinds:  # whose kind does not follow from the class
                chosen[kinds] = known
        work, spent = known
        result = work(one, other)
        meter.left -= 1 if spent is None else spent((one, other), result)
        if meter.left < 0:
            raise CostExceeded(COST_LIMIT)
        if type(result) in _SIZED:
            meter.made(len(result))
        return result

    return run


def _choice(overloads: tuple[Overload, ...], kinds: tuple[str, ...]) -> Overload:
    for overload in overloads:
        wanted = [parameter.name for parameter in overload.parameters]
        if all(name == kind or name in ("dyn", "<A>", "<B>") for name, kind in zip(wanted, kinds, strict=True)):
            return overload
    raise CelError(NO_OVERLOAD)


def _indexed(node: Call, parts: list[Step]) -> Step:
    container, index = parts
    optional = node.function == "_[?_]"
    by_kind = {one.parameters[0].name: one.run for one in _INDEX_OVERLOADS[optional]}

    def run(names: dict[str, Any], meter: Meter) -> Any:
        found = container(names, meter)
        wanted = index(names, meter)
        meter.left -= 1
        if type(found) is Optional:
            if not found.present:
                return NONE
            return _maybe(found.value, wanted)
        work = by_kind.get("list" if type(found) is list else "map" if type(found) is dict else "")
        if work is None or (type(found) is list and (isinstance(wanted, bool) or not isinstance(wanted, int | float))):
            raise CelError(NO_OVERLOAD)
        return work(found, wanted)

    return run


def _maybe(container: Any, wanted: Any) -> Optional:
    work = {one.parameters[0].name: one.run for one in _INDEX_OVERLOADS[True]}.get(type_name(container))
    if work is None:
        raise CelError(NO_OVERLOAD)
    found: Optional = work(container, wanted)
    return found


_INDEX_OVERLOADS = {False: library()["_[_]", False], True: library()["_[?_]", False]}


def _and(left: Step, right: Step) -> Step:
    return _logical(left, right, decides=False)


def _or(left: Step, right: Step) -> Step:
    return _logical(left, right, decides=True)


def _logical(left: Step, right: Step, *, decides: bool) -> Step:
    """One side that decides is enough, even if the other one fails."""

    def run(names: dict[str, Any], meter: Meter) -> bool:
        failure: CelError | None = None
        try:
            first = left(names, meter)
            if first is decides:
                return bool(first)
            if type(first) is not bool:
                failure = CelError(NO_OVERLOAD)
        except CostExceeded:
            raise
        except CelError as error:
            failure = error
        second = right(names, meter)
        if second is decides:
            return bool(second)
        if failure is not None or type(second) is not bool:
            raise failure or CelError(NO_OVERLOAD)
        return not decides

    return run


def _conditional(condition: Step, yes: Step, no: Step) -> Step:
    def run(names: dict[str, Any], meter: Meter) -> Any:
        found = condition(names, meter)
        if type(found) is not bool:
            raise CelError(NO_OVERLOAD)
        return (yes if found else no)(names, meter)

    return run


_SPECIAL: dict[str, Callable[..., Step]] = {"_&&_": _and, "_||_": _or, "_?_:_": _conditional}
