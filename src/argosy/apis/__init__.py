"""The resources Argosy serves, typed: names, types, defaults and meaning of every field, written down once.

`schema` has the vocabulary, `generate` makes CustomResourceDefinitions of it; one module per API group beside them.
`published` has all definitions as files: those of Argo CD are made of our classes, the others are facts of others.
A typed object is a view: what it does not know survives a read and a write.
"""

from __future__ import annotations

from argosy.apis.published import PRODUCTS, published
from argosy.machinery.objects import JsonObject

GITOPS = "argo-cd"


def crds(*products: str) -> list[JsonObject]:
    """The CustomResourceDefinitions of these products, or of all, sorted by name; they share parts: change none."""
    found = [crd for product in products or PRODUCTS for crd in published(product)]
    return sorted(found, key=lambda crd: str(crd["metadata"]["name"]))
