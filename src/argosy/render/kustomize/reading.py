"""The resources in a file, a fetched text or a patch, read as Kustomize reads them."""

from __future__ import annotations

import copy
from typing import Any

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text import yaml
from argosy.render.directories.documents import kustomize_documents
from argosy.render.files import ToolError
from argosy.render.kustomize.resource import Resource


def resources_of(data: bytes | str, where: str) -> list[Resource]:
    """In order; the items of a list come after the other documents. Raises ToolError."""
    blanks: list[yaml.Blank] = []
    documents = _documents(data, where, blanks)
    queue: list[JsonValue] = []
    for document in documents:
        queue += _unwrapped(document, alone=len(documents) == 1)
    found: list[Resource] = []
    while queue:
        document = queue.pop(0)
        _check(document, where)
        assert isinstance(document, dict)
        if str(document["kind"]).endswith("List") and "items" in document:
            queue += _items(document, where)
        else:
            # Anchors and aliases share parts; each resource is changed in place, so it needs its own copy.
            copies: dict[int, Any] = {}
            obj = copy.deepcopy(document, copies)
            own = [(copies[id(mapping)], key) for mapping, key in blanks if id(mapping) in copies]
            found.append(Resource(obj, blanks=own))
    return found


def _documents(data: bytes | str, where: str, blanks: list[yaml.Blank]) -> list[JsonValue]:
    """The first non-empty document of each part."""
    found = []
    for text in kustomize_documents(data.encode() if isinstance(data, str) else data, where):
        try:
            document = yaml.load(text, dialect=yaml.KUSTOMIZE, blanks=blanks)
        except yaml.YamlError as error:
            raise ToolError(f"{where}: {error}") from None
        if document is not None and document != {}:
            found.append(document)
    return found


def _unwrapped(document: JsonValue, *, alone: bool) -> list[JsonValue]:
    """Replaces a single List by its items."""
    if not alone or not isinstance(document, dict) or document.get("kind") not in ("List", "ResourceList"):
        return [document]
    items = document.get("items")
    return [document] if "items" not in document else [item for item in items or () if item not in (None, {})]


def _items(document: JsonObject, where: str) -> list[JsonValue]:
    items = document["items"]
    if items is not None and not isinstance(items, list):
        raise ToolError(f"{where}: {document['kind']}: items should be a list, got {str(items)[:60]!r}")
    return [item for item in items or () if item not in (None, {})]


def _check(document: JsonValue, where: str) -> None:
    if not isinstance(document, dict) or not document.get("kind"):
        raise ToolError(f"{where}: expected a Kubernetes object with a kind, got {str(document)[:60]!r}")
    kind = document["kind"]
    if not isinstance(kind, str):
        raise ToolError(f"{where}: kind {kind!r} should be a string")
    metadata = document.get("metadata")
    named = isinstance(metadata, dict) and (metadata.get("name") not in (None, "") or metadata.get("generateName"))
    if not named and not kind.endswith("List"):
        raise ToolError(f"{where}: missing metadata.name in object {kind}")
