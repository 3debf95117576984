"""Kind-specific types, defaults, validation and table cells, for built-in kinds and custom resources.

`registry.builtin_kinds()` gives the built-in ones, from the facts in `facts.json`; `custom.kinds_of_crd(crd)` those of
a CustomResourceDefinition. Each kind answers through `argosy.cluster.kind.Strategy`.
"""

from argosy.cluster.kinds.registry import builtin_kinds

__all__ = ["builtin_kinds"]
