"""CEL, the Common Expression Language, with the types, libraries and cost model of Kubernetes.

`parser` makes a tree, `checker` gives it types against declared variables, `estimate` says beforehand what it may cost,
`evaluate` runs it and counts what it does cost: by cel-go's rules, so that what a real API server accepts or refuses is
accepted or refused here. The functions lie in `functions` and `extensions`, each with its types and its price.

Nothing here knows time, chance, files or Python's attributes (security rule 3).
"""

from __future__ import annotations

from argosy.machinery.cel.checker import Checked, check
from argosy.machinery.cel.errors import CelError, CostExceeded, ParseError, TypeErrors
from argosy.machinery.cel.evaluate import Program, compile_program
from argosy.machinery.cel.parser import parse

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
