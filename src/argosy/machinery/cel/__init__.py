"""CEL, the Common Expression Language, with the types, libraries and cost model of Kubernetes.

`parser` builds a tree, `checker` types it against declared variables, `estimate` computes its maximum cost,
`evaluate` runs it and counts the actual cost: by cel-go's rules, so that expressions are accepted or refused as by a
real API server. The functions are in `functions` and `extensions`, each with its types and its price.

Nothing here has access to time, randomness, files or Python's attributes (security rule 3).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # imported on first use: a process that runs no rule should not pay for it
    from argosy.machinery.cel.checker import Checked, check
    from argosy.machinery.cel.errors import CelError, CostExceeded, ParseError, TypeErrors
    from argosy.machinery.cel.evaluate import Program, compile_program
    from argosy.machinery.cel.parser import parse

_PLACES = {
    "CelError": "errors",
    "Checked": "checker",
    "CostExceeded": "errors",
    "ParseError": "errors",
    "Program": "evaluate",
    "TypeErrors": "errors",
    "check": "checker",
    "compile_program": "evaluate",
    "parse": "parser",
}
__all__ = [
    "CelError",
    "Checked",
    "CostExceeded",
    "ParseError",
    "Program",
    "TypeErrors",
    "check",
    "compile_program",
    "parse",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found
