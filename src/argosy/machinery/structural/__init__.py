"""Custom resources by their schema (spec 12): compile it once, then default, prune and validate objects.

Order per request: `default`, `prune`, `validate`. `check_structural` checks a schema before it is served.
"""

from argosy.machinery.structural.check import check_structural
from argosy.machinery.structural.compiling import compile_schema, compiled
from argosy.machinery.structural.filling import default, prune
from argosy.machinery.structural.validating import validate, validate_status

__all__ = ["check_structural", "compile_schema", "compiled", "default", "prune", "validate", "validate_status"]
