"""Argument and result types of the built-in functions: known before the evaluation, so errors are found early.

expr-lang: builtin/builtin.go, builtin/validation.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from . import natures
from .natures import ANY, Kind, Nature, function

Check = Callable[[str, Sequence[Nature]], Nature]
"""The result's nature of a call with arguments of these natures. Raises Unfit."""


class Unfit(Exception):
    """The arguments do not fit; the text is the error message."""


def _shown(nature: Nature) -> str:
    if nature.kind is Kind.NIL:
        return "%!s(<nil>)"
    return "interface {}" if nature.kind is Kind.UNKNOWN else nature.name


def _count(arguments: Sequence[Nature], wanted: int) -> None:
    if len(arguments) != wanted:
        raise Unfit(f"invalid number of arguments (expected {wanted}, got {len(arguments)})")


def _one_of(
    name: str, kinds: frozenset[Kind], result: Nature | None, wording: str = "invalid argument for {0} (type {1})"
) -> Check:
    """One argument of these kinds; `result` None is the argument's own nature."""

    def check(called: str, arguments: Sequence[Nature]) -> Nature:
        _count(arguments, 1)
        if not (arguments[0].is_unknown or arguments[0].kind in kinds):
            raise Unfit(wording.format(name, _shown(arguments[0])))
        return arguments[0] if result is None else result

    return check


_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.NAMED})
_CONVERTED: Final = _NUMBERS | {Kind.STRING}
_ARRAYS: Final = frozenset({Kind.ARRAY})
_MAPS: Final = frozenset({Kind.MAP})


def _aggregate(name: str, arguments: Sequence[Nature]) -> Nature:
    if not arguments:
        raise Unfit(f"not enough arguments to call {name}")
    for argument in arguments:
        if argument.is_unknown or argument.kind is Kind.ARRAY:
            return ANY
        if argument.kind not in _NUMBERS:
            raise Unfit(f"invalid argument for {name} (type {_shown(argument)})")
    return arguments[0]


def _end(which: str) -> Check:
    def check(name: str, arguments: Sequence[Nature]) -> Nature:
        _count(arguments, 1)
        if arguments[0].is_unknown:
            return ANY
        if arguments[0].kind is not Kind.ARRAY:
            raise Unfit(f"cannot get {which} element from {_shown(arguments[0])}")
        return arguments[0].element or ANY

    return check


def _take(name: str, arguments: Sequence[Nature]) -> Nature:
    _count(arguments, 2)
    if not (arguments[0].is_unknown or arguments[0].kind is Kind.ARRAY):
        raise Unfit(f"cannot take from {_shown(arguments[0])}")
    if not (arguments[1].is_unknown or arguments[1].kind is Kind.INTEGER):
        raise Unfit(f"cannot take {_shown(arguments[1])} elements")
    return arguments[0]


def _concat(name: str, arguments: Sequence[Nature]) -> Nature:
    if not arguments:
        raise Unfit("invalid number of arguments (expected at least 1, got 0)")
    for argument in arguments:
        if not (argument.is_unknown or argument.kind is Kind.ARRAY):
            raise Unfit(f"cannot concat {_shown(argument)}")
    return natures.ARRAY


def _now(name: str, arguments: Sequence[Nature]) -> Nature:
    if arguments and not (len(arguments) == 1 and arguments[0].name == natures.LOCATION.name):
        raise Unfit(f"invalid number of arguments (expected 0, got {len(arguments)})")
    return natures.TIME


def _date(name: str, arguments: Sequence[Nature]) -> Nature:
    if not arguments:
        raise Unfit("invalid number of arguments (expected at least 1, got 0)")
    if arguments[0].name == natures.LOCATION.name:
        arguments = arguments[1:]
    if len(arguments) > 3:
        raise Unfit(f"invalid number of arguments (expected at most 3, got {len(arguments)})")
    return natures.TIME


CHECKED: Final[Mapping[str, Check]] = {
    "len": _one_of("len", frozenset({Kind.ARRAY, Kind.MAP, Kind.STRING}), natures.INT),
    "abs": _one_of("abs", _NUMBERS, None),
    "ceil": _one_of("ceil", _NUMBERS, natures.FLOAT),
    "floor": _one_of("floor", _NUMBERS, natures.FLOAT),
    "round": _one_of("round", _NUMBERS, natures.FLOAT),
    "int": _one_of("int", _CONVERTED, natures.INT),
    "float": _one_of("float", _CONVERTED, natures.FLOAT),
    "max": _aggregate,
    "min": _aggregate,
    "mean": _aggregate,
    "median": _aggregate,
    "now": _now,
    "date": _date,
    "first": _end("first"),
    "last": _end("last"),
    "take": _take,
    "keys": _one_of("keys", _MAPS, natures.ARRAY, "cannot get keys from {1}"),
    "values": _one_of("values", _MAPS, natures.ARRAY, "cannot get values from {1}"),
    "toPairs": _one_of("toPairs", _MAPS, natures.ARRAY, "cannot transform {1} to pairs"),
    "fromPairs": _one_of("fromPairs", _ARRAYS, natures.ANY_MAP, "cannot transform {1} from pairs"),
    "reverse": _one_of("reverse", _ARRAYS, natures.ARRAY, "cannot reverse {1}"),
    "uniq": _one_of("uniq", _ARRAYS, natures.ARRAY, "cannot uniq {1}"),
    "concat": _concat,
    "flatten": _one_of("flatten", _ARRAYS, natures.ARRAY, "cannot flatten {1}"),
}
"""Functions with a rule of their own."""

_S: Final = natures.STRING
_I: Final = natures.INT
_TEXT: Final = function(_S, result=_S)
_TWO_TEXTS: Final = function(_S, _S, result=_S)
_FOUND_AT: Final = function(_S, _S, result=_I)
_IS: Final = function(_S, _S, result=natures.BOOL)
_BITS: Final = function(_I, _I, result=_I)
_SORTED: Final = (natures.ARRAY, natures.INTS, natures.FLOATS, natures.STRINGS)

OVERLOADS: Final[Mapping[str, tuple[Nature, ...]]] = {
    "type": (function(ANY, result=_S),),
    "string": (function(ANY, result=_S),),
    "trim": (_TEXT, _TWO_TEXTS),
    "trimPrefix": (_TWO_TEXTS, _TEXT),
    "trimSuffix": (_TWO_TEXTS, _TEXT),
    "upper": (_TEXT,),
    "lower": (_TEXT,),
    "split": (function(_S, _S, result=natures.STRINGS), function(_S, _S, _I, result=natures.STRINGS)),
    "splitAfter": (function(_S, _S, result=natures.STRINGS), function(_S, _S, _I, result=natures.STRINGS)),
    "replace": (function(_S, _S, _S, _I, result=_S), function(_S, _S, _S, result=_S)),
    "repeat": (function(_S, _I, result=_S),),
    "join": (
        function(natures.STRINGS, _S, result=_S),
        function(natures.ARRAY, _S, result=_S),
        function(natures.ARRAY, result=_S),
        function(natures.STRINGS, _S, result=_S),
        function(natures.STRINGS, result=_S),
    ),
    "indexOf": (_FOUND_AT,),
    "lastIndexOf": (_FOUND_AT,),
    "hasPrefix": (_IS,),
    "hasSuffix": (_IS,),
    "toJSON": (function(ANY, result=_S),),
    "fromJSON": (function(_S),),
    "toBase64": (_TEXT,),
    "fromBase64": (_TEXT,),
    "duration": (function(_S, result=natures.DURATION),),
    "timezone": (function(_S, result=natures.LOCATION),),
    "sort": (
        *(function(kind, _S, result=natures.ARRAY) for kind in _SORTED),
        *(function(kind, result=natures.ARRAY) for kind in _SORTED),
    ),
    **dict.fromkeys(("bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr"), (_BITS,)),
    "bitnot": (function(_I, result=_I),),
}
"""Checked against signatures: the first that fits; if none does, the last one's error is reported."""
