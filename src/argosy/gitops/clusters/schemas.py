"""The schemas of a cluster's kinds: Kubernetes' own are built in, custom ones are read from CRDs.

A CRD is read when an Application first applies a custom object server-side, and again when it has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.keys import ResourceKey
from argosy.gitops.ports import KnownTypes, Schema
from argosy.machinery import requests
from argosy.machinery.objects import Key, Resource
from argosy.machinery.schema import Node
from argosy.machinery.status import StatusError
from argosy.machinery.structural.compiling import SchemaError, compiled
from argosy.runtime.client import Client
from argosy.runtime.slices import Slices

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)


@dataclass(frozen=True, slots=True)
class _Definition:
    revision: str
    nodes: dict[str, Node] = field(default_factory=dict)
    """By version."""


class ServedSchemas:
    """`ports.Schemas`; call `prepare` before `schema` for a custom kind."""

    def __init__(self, known: KnownTypes, live: LiveObjects, client: Client) -> None:
        self._known = known
        self._live = live
        self._client = client
        self._definitions: dict[str, _Definition] = {}

    def schema(self, group: str, version: str, kind: str) -> Schema | None:
        if (found := self._known.node(group, version, kind)) is not None:
            return Schema(found)
        definition = self._definitions.get(self._name_of(group, kind))
        node = definition.nodes.get(version) if definition is not None else None
        return Schema(node, definition.revision) if definition is not None and node is not None else None

    async def prepare(self, kinds: Iterable[tuple[str, str]], slices: Slices) -> None:
        """Reads the CRDs of these (group, kind), if their current version is not known, in slices."""
        for group, kind in kinds:
            name = self._name_of(group, kind)
            revision = self._revision_of(name)
            known = self._definitions.get(name)
            if not revision or (known is not None and known.revision == revision):
                continue
            self._definitions[name] = await self._read(name, revision, slices)

    def _name_of(self, group: str, kind: str) -> str:
        resource = self._live.kinds.preferred(group, kind)
        return f"{resource.plural}.{group}" if resource is not None else ""

    def _revision_of(self, name: str) -> str:
        """ "" for a kind without a CRD: Kubernetes' own, or one of another API server."""
        found = self._live.get(ResourceKey(DEFINITIONS.group, DEFINITIONS.kind, "", name)) if name else None
        return str(((found or {}).get("metadata") or {}).get("resourceVersion") or "")

    async def _read(self, name: str, revision: str, slices: Slices) -> _Definition:
        """A CRD that cannot be read or compiled leaves its kind without a schema until it changes."""
        try:
            definition = await self._client.get(requests.Get(DEFINITIONS, Key("", name)))
        except StatusError as error:
            if error.is_passing:
                raise
            return _Definition(revision)
        nodes = {}
        for version in (definition.get("spec") or {}).get("versions") or ():
            try:
                nodes[version["name"]] = await slices.run(compiled((version.get("schema") or {})["openAPIV3Schema"]))
            except (SchemaError, KeyError, TypeError):
                continue
        return _Definition(revision, nodes)
