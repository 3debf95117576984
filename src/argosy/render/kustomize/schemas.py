"""How the lists of built-in kinds merge: the same facts that the API server's patches use."""

from __future__ import annotations

from argosy.cluster.kinds.compile import node_of
from argosy.cluster.kinds.facts import resources
from argosy.machinery.schema import Node
from argosy.render.kustomize.ids import Gvk

_types: dict[Gvk, str] = {}


def built_in_schema(gvk: Gvk) -> Node | None:
    """None for custom resources, whose lists a patch replaces."""
    if not _types:
        _types.update(
            {
                Gvk(one.resource.group, one.resource.version, one.resource.kind): one.type
                for one in resources()
                if one.type
            }
        )
    key = _types.get(gvk)
    return node_of(key) if key else None
