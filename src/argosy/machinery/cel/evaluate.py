"""Runs a checked tree: closures, made once, that count what they cost by cel-go's rules (interpreter/runtimecost.go).

Errors are absorbed where upstream absorbs them: `false && error` is false, `true || error` is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from argosy.machinery.cel.checker import Checked, type_value
from argosy.machinery.cel.errors import COST_LIMIT, NO_OVERLOAD, CelError, CostExceeded
from argosy.machinery.cel.library import TYPE_NAMES
from argosy.machinery.cel.nodes import Bind, Call, Ident, ListLiteral, Literal, Loop, MapLiteral, Node, Select
from argosy.machinery.cel.overloads import Overload
from argosy.machinery.cel.values import NONE, Opaque, Optional, type_name

PER_CALL_LIMIT: Final = 1_000_000
"""Units of one evaluation (apiserver: PerCallLimit)."""
MEMORY_LIMIT: Final = 5_000_000
"""Elements and characters that one evaluation may make; upstream leaves that to Go's collector."""
Variables = Mapping[str, Any]


class Meter:
    __slots__ = ("left", "room")

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.room = MEMORY_LIMIT

    def made(self, count: int) -> None:
        self.room -= count
        if self.room < 0:
            raise CostExceeded(COST_LIMIT)


Step = Callable[[dict[str, Any], Meter], Any]


class Program:
    """A compiled expression."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self._run = _compiled(checked.root)

    def evaluate(self, variables: Variables, limit: int = PER_CALL_LIMIT) -> tuple[Any, int]:
        """The value and what it cost. Raises CelError, CostExceeded beyond `limit`."""
        meter = Meter(limit)
        try:
            value = self._run(dict(variables), meter)
        except RecursionError:
            raise CelError("the expression or its values are nested too deeply") from None
        if meter.left < 0:
            raise CostExceeded(COST_LIMIT)
        return value, limit - meter.left


def compile_program(checked: Checked) -> Program:
    return Program(checked)


def _compiled(node: Node) -> Step:
    match node:
        case Literal():
            value = node.value
            return lambda names, meter: value
        case Ident():
            return _ident(node)
        case Select():
            return _select(node)
        case Call():
            return _call(node)
        case ListLiteral():
            return _list(node)
        case MapLiteral():
            return _map(node)
        case Loop():
            return _loop(node)
        case Bind():
            return _bind(node)
    raise AssertionError(f"no such node: {node}")


def _ident(node: Ident) -> Step:
    name = node.name

    def run(names: dict[str, Any], meter: Meter) -> Any:
        meter.left -= 1
        try:
            return names[name]
        except KeyError:
            raise CelError(f"no such attribute(s): {name}") from None

    if name in TYPE_NAMES:
        kind = type_value(node)
        return lambda names, meter: names.get(name, kind)
    return run


def _select(node: Select) -> Step:
    if node.type is not None and node.type.name == "type":
        kind = type_value(node)
        return lambda names, meter: kind
    operand, name = _compiled(node.operand), node.field_name
    if node.test_only:
        return _presence(operand, name)
    if node.optional:
        return _optional_field(operand, name)

    def run(names: dict[str, Any], meter: Meter) -> Any:
        value = operand(names, meter)
        meter.left -= 1
        if type(value) is dict:
            try:
                return value[name]
            except KeyError:
                raise CelError(f"no such key: {name}") from None
        if type(value) is Optional:
            return _field_of(value, name)
        raise CelError(NO_OVERLOAD)

    return run


def _presence(operand: Step, name: str) -> Step:
    def run(names: dict[str, Any], meter: Meter) -> bool:
        value = operand(names, meter)
        if type(value) is Optional:
            value = value.value if value.present else {}
        if type(value) is not dict:
            raise CelError(NO_OVERLOAD)
        return name in value

    return run


def _optional_field(operand: Step, name: str) -> Step:
    def run(names: dict[str, Any], meter: Meter) -> Optional:
        value = operand(names, meter)
        meter.left -= 1
        return _field_of(value if type(value) is Optional else Optional(value, True), name)

    return run


def _field_of(one: Optional, name: str) -> Optional:
    if not one.present:
        return NONE
    if type(one.value) is not dict:
        raise CelError(NO_OVERLOAD)
    return Optional(one.value[name], True) if name in one.value else NONE


def _list(node: ListLiteral) -> Step:
    parts = [(_compiled(item), index in node.optional) for index, item in enumerate(node.items)]

    def run(names: dict[str, Any], meter: Meter) -> list[Any]:
        found = []
        for part, optional in parts:
            value = part(names, meter)
            if optional:
                if value.present:
                    found.append(value.value)
            else:
                found.append(value)
        meter.left -= 10
        meter.made(1 + len(found))
        return found

    return run


def _map(node: MapLiteral) -> Step:
    parts = [
        (_compiled(key), _compiled(value), index in node.optional) for index, (key, value) in enumerate(node.entries)
    ]

    def run(names: dict[str, Any], meter: Meter) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_of, value_of, optional in parts:
            key, value = key_of(names, meter), value_of(names, meter)
            if optional:
                if not value.present:
                    continue
                value = value.value
            if not isinstance(key, str | int):
                raise CelError("unsupported key type")
            if key in found:
                raise CelError(f"Failed with repeated key: {key}")
            found[key] = value
        meter.left -= 30
        meter.made(1 + len(found))
        return found

    return run


# -- calls -------------------------------------------------------------------------------------------------------------


def _call(node: Call) -> Step:
    parts = [
        _compiled(part) for part in ([node.target, *node.arguments] if node.target is not None else node.arguments)
    ]
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
    """The meaning is chosen by the values, and remembered by their types."""
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
    """As `_dispatched`, for the two sides of an operator: most of what rules do."""
    chosen: dict[tuple[type, type], tuple[Callable[..., Any], Callable[..., int] | None]] = {}

    def run(names: dict[str, Any], meter: Meter) -> Any:
        one, other = left(names, meter), right(names, meter)
        kinds = type(one), type(other)
        known = chosen.get(kinds)
        if known is None:
            overload = _choice(overloads, (type_name(one), type_name(other)))
            known = overload.run, overload.price.spent
            if Opaque not in kinds:  # whose kind is not told by the class
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


def _index_overloads() -> dict[bool, list[Overload]]:
    from argosy.machinery.cel.library import library

    return {False: library()["_[_]", False], True: library()["_[?_]", False]}


_INDEX_OVERLOADS = _index_overloads()


def _and(left: Step, right: Step) -> Step:
    return _logical(left, right, decides=False)


def _or(left: Step, right: Step) -> Step:
    return _logical(left, right, decides=True)


def _logical(left: Step, right: Step, *, decides: bool) -> Step:
    """One side that decides is enough, even where the other one fails."""

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


def _bind(node: Bind) -> Step:
    value, body, name, kind = _compiled(node.value), _compiled(node.body), node.name, node.kind

    def run(names: dict[str, Any], meter: Meter) -> Any:
        found = value(names, meter)
        if kind == "bind":
            return body({**names, name: found}, meter)
        if type(found) is not Optional:
            raise CelError(NO_OVERLOAD)
        if not found.present:
            return NONE
        made = body({**names, name: found.value}, meter)
        return Optional(made, True) if kind == "optMap" else made

    return run


# -- loops -------------------------------------------------------------------------------------------------------------


def _loop(node: Loop) -> Step:
    over = _compiled(node.range)
    condition = _compiled(node.condition) if node.condition is not None else None
    result = _compiled(node.result) if node.result is not None else None
    work = _LOOPS[node.kind]
    variables, kind = node.names, node.kind

    def run(names: dict[str, Any], meter: Meter) -> Any:
        elements = _elements(over(names, meter), len(variables), kind)
        inner = dict(names)
        return work(_turns(elements, variables, inner, meter), inner, meter, condition, result)

    return run


def _elements(found: Any, count: int, kind: str) -> Iterator[tuple[Any, ...]]:
    if type(found) is list:
        return zip(found, strict=False) if count == 1 else iter(list(enumerate(found)))
    if type(found) is dict:
        return zip(list(found), strict=False) if count == 1 else iter(list(found.items()))
    raise CelError(NO_OVERLOAD)


def _turns(
    elements: Iterator[tuple[Any, ...]], variables: tuple[str, ...], inner: dict[str, Any], meter: Meter
) -> Iterator[Any]:
    """Puts each element in its place; what is given is the (first) variable's value."""
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
