"""`gitops.ports.KnownTypes` over the embedded server's facts."""

from __future__ import annotations

import copy

from argosy.cluster.kind import Kind
from argosy.cluster.kinds.registry import builtin_kinds
from argosy.machinery.objects import JsonObject, group_version
from argosy.machinery.schema import Node
from argosy.machinery.status import StatusError


class ServerTypes:
    def __init__(self) -> None:
        kinds = builtin_kinds()
        self._shapes = {(k.resource.group, k.resource.kind): k for k in reversed(kinds)}
        self._kinds = {(k.resource.group, k.resource.version, k.resource.kind): k for k in kinds}

    def node(self, group: str, version: str, kind: str) -> Node | None:
        found = self._found(group, version, kind)
        return found.schema if found else None

    def _found(self, group: str, version: str, kind: str) -> Kind | None:
        """An older version that is no longer served has the shape of the one that is."""
        return self._kinds.get((group, version, kind)) or self._shapes.get((group, kind))

    def defaulted(self, obj: JsonObject) -> JsonObject:
        if (kind := self._kind(obj)) is None:
            return obj
        made = copy.deepcopy(obj)
        kind.strategy.default(made)
        return made

    def canonical(self, obj: JsonObject) -> JsonObject:
        if (kind := self._kind(obj)) is None:
            return obj
        try:
            decoded = kind.strategy.decode({**obj, "apiVersion": kind.resource.api_version})
        except StatusError:
            return obj
        if decoded.unknown:
            return obj
        kind.strategy.canonicalize(decoded.obj)
        return {**decoded.obj, "apiVersion": obj["apiVersion"]}

    def _kind(self, obj: JsonObject) -> Kind | None:
        group, version = group_version(str(obj.get("apiVersion") or ""))
        return self._found(group, version, str(obj.get("kind") or ""))
