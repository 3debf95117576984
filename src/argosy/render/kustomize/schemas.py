"""How the lists of built-in kinds merge: the same facts that the API server's patches use."""

from __future__ import annotations

from argosy.apis.kubernetes.known import node
from argosy.machinery.schema import Node
from argosy.render.kustomize.ids import Gvk


def built_in_schema(gvk: Gvk) -> Node | None:
    """None for custom resources, whose lists a patch replaces."""
    return node(*gvk)
