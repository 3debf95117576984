"""The resources Argosy serves, typed: names, types, defaults and meaning of every field, written down once.

`schema` has the vocabulary, `generate` makes CustomResourceDefinitions of it; one module per API group beside them.
A typed object is a view: what it does not know survives a read and a write.
"""

from __future__ import annotations

from argosy.apis.argoproj import RESOURCES
from argosy.apis.generate import definition
from argosy.machinery.objects import JsonObject


def crds() -> list[JsonObject]:
    """The CustomResourceDefinitions of all kinds, sorted by name."""
    return sorted((definition(kind) for kind in RESOURCES), key=lambda crd: str(crd["metadata"]["name"]))
