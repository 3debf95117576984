"""Go's text/template with Sprig, for ApplicationSets, notifications and links; hostile input within limits.

The language is gotpl's, under its strict sandbox: maps and lists only, no attribute of any Python object. The work of a
template is counted (`limits`), so that it always ends, and always in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, cast
from urllib.parse import quote_plus

import gotpl
from gotpl.runtime.gofmt import sprintf

from argosy.expr import go_values
from argosy.expr.exprlang.encoding import numbered
from argosy.expr.limits import LimitExceeded, Meter
from argosy.expr.missing_keys import MARK, go_message
from argosy.expr.sprig import functions, metered_builtins

SOURCE_LIMIT: Final = 64 * 1024
OUTPUT_LIMIT: Final = 10 * 1024 * 1024
REMEMBERED: Final = 4096
_FIELD: Final = re.compile(r"\{\{[ \t]*((?:\.[A-Za-z_][A-Za-z0-9_]*)+)[ \t]*\}\}")
MissingKey = Literal["default", "zero", "error"]
BUDGET: Final = gotpl.ExecutionBudget(
    max_output_chars=OUTPUT_LIMIT, max_iterations=100_000, max_template_depth=100, max_function_calls=20_000
)


class GoTemplateError(ValueError):
    """The template cannot be parsed, or failed, or exceeded a limit."""


class MissingKeyError(GoTemplateError):
    """The template uses a missing parameter, and that was configured to be an error."""


def missing_key_of(options: Iterable[str]) -> MissingKey:
    """`missingkey=default|invalid|zero|error`, the last one wins. Raises GoTemplateError for any other option."""
    found: MissingKey = "default"
    for option in options:
        name, equals, value = option.partition("=")
        if name != "missingkey" or not equals or value not in ("default", "invalid", "zero", "error"):
            raise GoTemplateError(
                f"unrecognized option {option!r}: missingkey=default, invalid, zero or error would be right"
            )
        found = "default" if value == "invalid" else cast(MissingKey, value)
    return found


class GoTemplates:
    """Compiles each text once. Not thread-safe: one evaluation at a time.

    `now` and `entropy(length)` are the only time and randomness that templates see.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        entropy: Callable[[int], bytes],
        *,
        more: Mapping[str, Callable[..., Any]] | None = None,
        calls: bool = False,
        name: str = "template",
    ) -> None:
        """`more`: functions of one product, or its own version of Go's. `calls`: parameters may contain functions.
        `name`: of every template, in messages.
        """
        self._meter, self._calls, self._name = Meter(), calls, name
        more = {**(go_values.FUNCTIONS if calls else {}), **(more or {})}
        self._functions = functions(self._meter, now, entropy)
        self._functions |= metered_builtins(self._meter, {**BUILT_IN, **more})
        self._policy = gotpl.SandboxPolicy.strict(
            allow_functions=self._functions,
            allow_custom_lookup=calls,
            max_template_chars=SOURCE_LIMIT,
            default_budget=BUDGET,
        )
        self._compiled = lru_cache(maxsize=REMEMBERED)(self._compile)

    def render(self, source: str, parameters: Any, *, missing_key: MissingKey = "default") -> str:
        """`parameters`: JSON, as returned by `numbered`. Raises GoTemplateError."""
        if "{{" not in source:
            return source
        if len(source) > SOURCE_LIMIT:
            raise GoTemplateError(f"the template is longer than {SOURCE_LIMIT} characters")
        if (quick := _only_texts(source, parameters)) is not None:
            return quick
        self._meter.reset()
        try:
            return self._compiled(go_values.with_calls(source) if self._calls else source, missing_key).render(
                parameters
            )
        except LimitExceeded as error:
            raise GoTemplateError(str(error)) from None
        except gotpl.TemplateError as error:
            _raise_interruption(error)
            told = _message(error)
            if MARK in told:
                raise MissingKeyError(go_message(told, source, self._name)) from None
            raise GoTemplateError(told) from None
        except RecursionError:
            raise GoTemplateError("the template is nested too deeply") from None
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
            raise GoTemplateError(f"the template failed: {error}") from None

    def _compile(self, source: str, missing_key: MissingKey) -> gotpl.Template:
        return gotpl.Template(
            source, functions=self._functions, missing_key=missing_key, sandbox=self._policy, budget=BUDGET
        )


def parameters_of(values: Any) -> Any:
    """JSON parameters as templates see them."""
    return numbered(values)


def number_text(value: float) -> str:
    """A float64 in `%v` format: `3`, `1.5`, `1e+07`."""
    return sprintf("%v", value)


def _only_texts(source: str, parameters: Any) -> str | None:
    """Fast path for the most common template, literals and string-valued `{{ .a.b }}`, 50 times faster; else None."""
    parts = _FIELD.split(source)
    for at, part in enumerate(parts):
        if at % 2 == 0:
            if "{{" in part:
                return None
            continue
        found: Any = parameters
        for name in part[1:].split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, str):
            return None
        parts[at] = found
    return "".join(parts)


def _raise_interruption(error: BaseException | None) -> None:
    while error is not None:
        if isinstance(error, go_values.Interrupted):
            raise error
        error = error.__cause__


def _message(error: gotpl.TemplateError) -> str:
    cause = error.__cause__
    return str(cause) if isinstance(cause, LimitExceeded) else str(error).replace(go_values.CALL, "call")


def _print(*values: Any) -> str:
    """Adds spaces between operands when neither is a string, as Go does."""
    made: list[str] = []
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            made.append(" ")
        made.append(value if isinstance(value, str) else sprintf("%v", value))
    return "".join(made)


def _println(*values: Any) -> str:
    return " ".join(value if isinstance(value, str) else sprintf("%v", value) for value in values) + "\n"


_HTML: Final = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS: Final = str.maketrans(
    {chr(code): f"\\u{code:04X}" for code in (*range(32), *map(ord, "<>&="))} | {"\\": "\\\\", "'": "\\'", '"': '\\"'}
)
BUILT_IN: Final[dict[str, Callable[..., Any]]] = {
    "print": _print,
    "printf": sprintf,
    "println": _println,
    "html": lambda *values: _print(*values).translate(_HTML),
    "js": lambda *values: _print(*values).translate(_JS),
    "urlquery": lambda *values: quote_plus(_print(*values), safe="-_.~"),
}
"""Go's own functions that create strings, in metered form."""
