"""Static types of values, in Go's terms: conditions are checked against the types of real values.

expr-lang: checker/nature. `UNKNOWN` fits everything; `NIL` is the value nil, whose name is "unknown" in messages, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    UNKNOWN = "unknown"
    ANY = "any"
    NIL = "nil"
    BOOL = "bool"
    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    ARRAY = "array"
    MAP = "map"
    FUNCTION = "function"
    STRUCT = "struct"
    NAMED = "named"
    """A number with a name and methods of its own: Duration, Month."""


@dataclass(frozen=True, slots=True)
class Nature:
    kind: Kind
    name: str = "unknown"
    element: Nature | None = None
    """Of arrays and maps."""
    key: Nature | None = None
    parameters: tuple[Nature, ...] = ()
    is_variadic: bool = False
    result: Nature | None = None

    @property
    def is_unknown(self) -> bool:
        return self.kind is Kind.UNKNOWN or self.kind is Kind.ANY

    @property
    def is_number(self) -> bool:
        return self.kind is Kind.INTEGER or self.kind is Kind.FLOAT

    def assignable_to(self, other: Nature) -> bool:
        if self.kind is Kind.NIL:
            return other.kind in _NILABLE
        if self.kind is Kind.UNKNOWN or other.kind is Kind.UNKNOWN or other.kind is Kind.NIL:
            return False
        return other.kind is Kind.ANY or self.name == other.name

    def comparable_to(self, other: Nature) -> bool:
        if self.is_unknown or other.is_unknown or Kind.NIL in (self.kind, other.kind):
            return True
        if self.is_number and other.is_number:
            return True
        both_arrays = self.kind is Kind.ARRAY and other.kind is Kind.ARRAY
        return both_arrays or self.assignable_to(other)

    def array(self) -> Nature:
        """An array of such elements; Go keeps only that they are something."""
        return replace(ARRAY, element=self)


_NILABLE: Final = frozenset({Kind.ANY, Kind.ARRAY, Kind.MAP, Kind.FUNCTION})

UNKNOWN: Final = Nature(Kind.UNKNOWN)
NIL: Final = Nature(Kind.NIL)
ANY: Final = Nature(Kind.ANY, "interface {}")
BOOL: Final = Nature(Kind.BOOL, "bool")
INT: Final = Nature(Kind.INTEGER, "int")
INT64: Final = Nature(Kind.INTEGER, "int64")
BYTE: Final = Nature(Kind.INTEGER, "uint8")
FLOAT: Final = Nature(Kind.FLOAT, "float64")
STRING: Final = Nature(Kind.STRING, "string")
BYTES: Final = Nature(Kind.ARRAY, "[]uint8", element=BYTE)
ARRAY: Final = Nature(Kind.ARRAY, "[]interface {}", element=ANY)
STRINGS: Final = Nature(Kind.ARRAY, "[]string", element=STRING)
FLOATS: Final = Nature(Kind.ARRAY, "[]float64", element=FLOAT)
INTS: Final = Nature(Kind.ARRAY, "[]int", element=INT)
PAIRS: Final = Nature(Kind.ARRAY, "[][2]interface {}", element=ARRAY)
MAP: Final = Nature(Kind.MAP, "map[string]interface {}", element=ANY, key=STRING)
ANY_MAP: Final = Nature(Kind.MAP, "map[interface {}]interface {}", element=ANY, key=ANY)
GROUPS: Final = Nature(Kind.MAP, "map[interface {}][]interface {}", element=ARRAY, key=ANY)
TIME: Final = Nature(Kind.STRUCT, "time.Time")
DURATION: Final = Nature(Kind.NAMED, "time.Duration")
MONTH: Final = Nature(Kind.NAMED, "time.Month")
WEEKDAY: Final = Nature(Kind.NAMED, "time.Weekday")
LOCATION: Final = Nature(Kind.STRUCT, "*time.Location")


def function(*parameters: Nature, result: Nature = ANY, is_variadic: bool = False) -> Nature:
    """Of a function with these parameters; of a variadic one the last may be given any number of times."""
    shown = [parameter.name for parameter in parameters]
    if is_variadic:
        shown[-1] = f"...{shown[-1]}"
    name = f"func({', '.join(shown)}) {result.name}"
    return Nature(Kind.FUNCTION, name, parameters=parameters, is_variadic=is_variadic, result=result)
