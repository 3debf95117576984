"""expr-lang, the language of conditions in Rollouts, Kargo and notifications: complete, compiled once, bounded, pure.

    program = compile_expression("result[0] > 0.95", environment={"result": natures.FLOATS})
    program.run({"result": floats([0.99])})        # True

Source: github.com/expr-lang/expr 1.17, its documentation (docs/language-definition.md) and its errors' texts.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gotime import Time

from .checker import check
from .compiler import Compiled, compiled
from .errors import ExprError, Fault
from .frame import Frame
from .natures import Nature
from .parser import parse
from .values import Function, Int64, Struct, Typed, floats, nature_of, strings

__all__ = [
    "ExprError",
    "Fault",
    "Function",
    "Int64",
    "Nature",
    "Program",
    "Struct",
    "Typed",
    "compile_expression",
    "floats",
    "nature_of",
    "strings",
]


NO_FUNCTIONS: Final[Mapping[str, Nature]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression; it stores nothing of an evaluation, so it may be shared."""

    source: str
    nature: Nature
    compiled: Compiled

    def run(self, names: Mapping[str, object], now: datetime | None = None) -> object:
        """`names` are the environment: plain JSON, and the types of `values`. `now` is the result of now().

        Raises ExprError, and nothing else.
        """
        frame = Frame(names, self.compiled.variables, Time.from_datetime(now) if now is not None else None)
        try:
            return self.compiled.evaluate(frame)
        except Fault as fault:
            raise ExprError(str(fault)) from None
        except RecursionError:
            raise ExprError("the evaluation meets a value that is nested too deeply") from None
        except OverflowError:
            raise ExprError("the evaluation meets a number that is too large") from None


def compile_expression(
    source: str, environment: Mapping[str, Nature] | None = None, functions: Mapping[str, Nature] = NO_FUNCTIONS
) -> Program:
    """`environment`: the nature of each name; None leaves names unchecked, and unknown ones are nil.

    `functions` exist in either case, and hide built-in ones of the same name. Raises ExprError, and nothing else.
    """
    return _compiled(source, None if environment is None else _fixed(environment), _fixed(functions))


Fixed = tuple[tuple[str, Nature], ...]


def _fixed(natures: Mapping[str, Nature]) -> Fixed:
    return tuple(sorted(natures.items(), key=lambda item: item[0]))


@functools.lru_cache(maxsize=1024)
def _compiled(source: str, environment: Fixed | None, functions: Fixed) -> Program:
    known = dict(environment or ()) | dict(functions)
    try:
        node = parse(source, frozenset(known))
        nature = check(node, source, known, is_strict=environment is not None)
        return Program(source, nature, compiled(node, source))
    except RecursionError:
        raise ExprError("compilation failed: expression is nested too deeply") from None
