"""The resources Argosy serves, typed: names, types, defaults and meaning of every field, written down once.

`schema` has the vocabulary, `generate` makes CustomResourceDefinitions of it; one module per API group beside them.
`published` has the definitions of the groups whose views name only the fields that are read.
A typed object is a view: what it does not know survives a read and a write.
"""

from __future__ import annotations

from argosy.apis.argoproj import RESOURCES
from argosy.apis.generate import definition
from argosy.apis.published import PRODUCTS, published
from argosy.machinery.objects import JsonObject

GITOPS = "argo-cd"


def crds(*products: str) -> list[JsonObject]:
    """The CustomResourceDefinitions of these products, or of all, sorted by name; they share parts: change none."""
    wanted = products or (GITOPS, *PRODUCTS)
    found = [definition(kind) for kind in RESOURCES] if GITOPS in wanted else []
    for product in wanted:
        if product != GITOPS:
            found += published(product)
    return sorted(found, key=lambda crd: str(crd["metadata"]["name"]))
