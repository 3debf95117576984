"""How lists merge, by kind: from the built-in kinds' facts, or the schema that a kustomization brings (`openapi`).

A custom schema replaces the built-in one, for the entire build; the first one found counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.machinery.objects import JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.text import yaml
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.model import Kustomization

Read = Callable[[str], bytes]
BUILT_IN: Final = "v1.21.2"
"""The only Kubernetes version whose schema Kustomize contains."""


class Schemas:
    """Called with a kind; None when it is unknown, and a patch then replaces its lists."""

    def __init__(self) -> None:
        self._own: _Definitions | None = None
        self._is_chosen = False

    def choose(self, kustomization: Kustomization, read: Read, *, is_top: bool) -> None:
        """Reads the `openapi` field of a kustomization. Raises ToolError.

        If it is found below the top one, when the built-in schema was already in use, a schema is added to that.
        """
        fields = kustomization.mapping("openapi")
        if unknown := sorted(set(fields) - {"path", "version"}):
            raise ToolError(f"{kustomization.where}: openapi: unknown field {unknown[0]!r}, expected path or version")
        path, version = fields.get("path"), fields.get("version")
        if path is not None:
            data = read(path)
        if self._is_chosen or not fields:
            return
        self._is_chosen = True
        if path is not None:
            if version is not None:
                raise ToolError(
                    f"{kustomization.where}: openapi: builtin version and custom schema provided, cannot use both"
                )
            self._own = _Definitions(data, path, alone=is_top)
        elif version not in ("", BUILT_IN):
            raise ToolError(f"{kustomization.where}: openapi.version: {version!r} is not built in, {BUILT_IN} is")

    def __call__(self, gvk: Gvk) -> Node | None:
        own = self._own.node(gvk) if self._own is not None else None
        if own is not None or (self._own is not None and self._own.alone):
            return own
        # Imported here: the facts of all built-in kinds are needed for patches only.
        from argosy.apis.kubernetes.known import node

        return node(*gvk)


def _built_in(name: str) -> Node | None:
    """The type for a definition's name, such as `io.k8s.api.core.v1.PodSpec`."""
    from argosy.apis.kubernetes.compile import node_of

    group, _, rest = name.removeprefix("io.k8s.api.").partition(".")
    if rest == "" or not name.startswith("io.k8s.api."):
        return None
    try:
        return node_of(f"{group}/{rest}")
    except LookupError:
        return None


class _Definitions:
    """An OpenAPI document's definitions, compiled on demand."""

    def __init__(self, data: bytes, path: str, *, alone: bool) -> None:
        """`alone`: kinds that are not defined here are unknown."""
        self.alone = alone
        try:
            document = yaml.load(data)
        except yaml.YamlError as error:
            raise ToolError(f"openapi.path: {path}: {error}") from None
        definitions = document.get("definitions") if isinstance(document, dict) else None
        if not isinstance(definitions, dict):
            raise ToolError(f"openapi.path: {path}: expected an OpenAPI document with definitions")
        self._definitions: Mapping[str, Any] = definitions
        self._kinds: dict[Gvk, str] = {}
        self._nodes: dict[str, Node] = {}
        for name, definition in definitions.items():
            for gvk in _kinds(definition):
                self._kinds[gvk] = name

    def node(self, gvk: Gvk) -> Node | None:
        name = self._kinds.get(gvk)
        return self._named(name) if name else None

    def _named(self, name: str) -> Node:
        if name not in self._nodes:
            if not self.alone and (known := _built_in(name)) is not None:
                return known
            node = self._nodes[name] = Node()
            self._fill(node, self._definitions.get(name))
        return self._nodes[name]

    def _node(self, schema: JsonValue) -> Node:
        if isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
            return self._named(reference.rpartition("/")[2])
        node = Node()
        self._fill(node, schema)
        return node

    def _fill(self, node: Node, schema: JsonValue) -> None:
        if not isinstance(schema, dict):
            return
        strategy = schema.get("x-kubernetes-patch-strategy")
        node.patch_strategy = tuple(strategy.split(",")) if isinstance(strategy, str) else ()
        keys, key = schema.get("x-kubernetes-list-map-keys"), schema.get("x-kubernetes-patch-merge-key")
        node.list_keys = tuple(map(str, keys)) if isinstance(keys, list) else ()
        node.patch_merge_key = key if isinstance(key, str) else ""
        properties = schema.get("properties")
        if isinstance(properties, dict):
            node.properties = {name: self._node(value) for name, value in properties.items()}
        if isinstance(schema.get("additionalProperties"), dict):
            node.additional = self._node(schema["additionalProperties"])
        if isinstance(schema.get("items"), dict):
            node.items = self._node(schema["items"])


def _kinds(definition: JsonValue) -> list[Gvk]:
    found = definition.get("x-kubernetes-group-version-kind") if isinstance(definition, dict) else None
    entries = found if isinstance(found, list) else [found] if isinstance(found, dict) else []
    return [
        Gvk(*(str(entry.get(key) or "") for key in ("group", "version", "kind")))
        for entry in entries
        if isinstance(entry, dict)
    ]
