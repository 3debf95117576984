"""The resources Argosy serves, typed: names, types, defaults and meaning of every field, written down once.

`schema` has the decorators, `generate` creates CustomResourceDefinitions from them; one module per API group.
`published` has all definitions as files: those of Argo CD come from our classes, the others are upstream's facts.
A typed object is a view: unknown fields survive a read and a write.
"""

from __future__ import annotations

from argosy.apis.published import PRODUCTS, published
from argosy.machinery.objects import JsonObject

GITOPS = "argo-cd"


def crds(*products: str) -> list[JsonObject]:
    """The CustomResourceDefinitions of these products, or of all, sorted by name; they share parts: never mutate."""
    found = [crd for product in products or PRODUCTS for crd in published(product)]
    return sorted(found, key=lambda crd: str(crd["metadata"]["name"]))
