"""The names of the built-in functions, and of those that take a predicate, with the form of each of their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BOTH: Final = ("expression", "predicate")

PREDICATES: Final[Mapping[str, tuple[str, ...]]] = {
    "all": _BOTH,
    "none": _BOTH,
    "any": _BOTH,
    "one": _BOTH,
    "filter": _BOTH,
    "map": _BOTH,
    "count": ("expression", "predicate?"),
    "sum": ("expression", "predicate?"),
    "find": _BOTH,
    "findIndex": _BOTH,
    "findLast": _BOTH,
    "findLastIndex": _BOTH,
    "groupBy": _BOTH,
    "sortBy": ("expression", "predicate", "expression?"),
    "reduce": ("expression", "predicate", "expression?"),
}

BUILTINS: Final = frozenset({
    "len", "type", "abs", "ceil", "floor", "round", "int", "float", "string",
    "trim", "trimPrefix", "trimSuffix", "upper", "lower", "split", "splitAfter", "replace", "repeat", "join",
    "indexOf", "lastIndexOf", "hasPrefix", "hasSuffix",
    "max", "min", "mean", "median",
    "toJSON", "fromJSON", "toBase64", "fromBase64", "now", "duration", "date", "timezone",
    "first", "last", "get", "take", "keys", "values", "toPairs", "fromPairs",
    "reverse", "uniq", "concat", "flatten", "sort",
    "bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr", "bitnot",
})  # fmt: skip
