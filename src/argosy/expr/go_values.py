"""Values and functions of expressions as Go templates see them: `(call .time.Now).Unix`.

Members come from the same tables as in expressions, never from a Python name. gotpl's own `call` is removed in the
sandbox, since it would call any Python object; ours calls only what was passed in as a Function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.expr.exprlang import Fault, Function, Struct
from argosy.expr.exprlang.members import method
from argosy.expr.exprlang.values import printed

CALL: Final = "callFunction"
_ACTION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|/\*.*?\*/|(?<![\w.$])call(?!\w)', re.DOTALL)


class Interrupted(Exception):
    """A function has no result yet. It propagates through the evaluation unchanged, and is not a template error."""


def with_calls(source: str) -> str:
    """`call` of the template under the name that our own function has."""
    if "call" not in source:
        return source
    return _ACTION.sub(lambda action: _WORD.sub(_renamed, action[0]), source)


def _renamed(word: re.Match[str]) -> str:
    return CALL if word[0] == "call" else word[0]


def shown(value: Any) -> Any:
    """Converts a value for templates: JSON unchanged, anything else to a GoValue or GoFunction."""
    if isinstance(value, Function):
        return GoFunction(value)
    if value is None or isinstance(value, str | bool | int | float | bytes):
        return value
    if isinstance(value, Mapping):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return GoValue(value)


class GoFunction:
    """Not callable for Python, so that gotpl does not call it when it is an argument."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def __str__(self) -> str:
        return "func"


class GoValue:
    """A time, a duration or a Struct; gotpl asks it for members by `__gotemplate_lookup__`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __gotemplate_lookup__(self, name: str) -> Any:
        """Raises KeyError."""
        found = self.value.members[name] if isinstance(self.value, Struct) else method(self.value, name)
        if found is None and not isinstance(self.value, Struct):
            raise KeyError(name)
        return _Method(found).invoke if isinstance(found, Function) else shown(found)

    def __str__(self) -> str:
        return printed(self.value)


class _Method:
    def __init__(self, function: Function) -> None:
        self._function = function

    def invoke(self, *arguments: Any) -> Any:
        return _called(self._function, arguments)


def call(function: Any, *arguments: Any) -> Any:
    """Go's `call`. Raises ValueError with the function's error."""
    if not isinstance(function, GoFunction):
        raise ValueError("call of something that is not a function")
    return _called(function.function, arguments)


def _called(function: Function, arguments: tuple[Any, ...]) -> Any:
    try:
        return shown(function(*(_bare(argument) for argument in arguments)))
    except Fault as fault:
        raise ValueError(str(fault)) from None


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, GoValue) else value


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {CALL: call}
