"""Reads objects from YAML and JSON files and from directories of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml

ENDINGS: Final = (".yaml", ".yml", ".json")
NO_MANIFESTS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Chart.yaml", "values.yaml"})


class UnreadableManifest(ValueError):
    """The text names the file and the error in it."""


def read_manifests(paths: Iterable[Path]) -> list[JsonObject]:
    """Reads files, and all files below directories except hidden ones; Lists are split into their items.

    Raises UnreadableManifest.
    """
    return [obj for path in paths for file in _files(path) for obj in _objects(file)]


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise UnreadableManifest(f"{path}: there is no such file or directory")
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        shown = not any(part.startswith(".") for part in file.relative_to(path).parts)
        if shown and file.is_file() and file.suffix in ENDINGS and file.name not in NO_MANIFESTS:
            yield file


def _objects(file: Path) -> Iterator[JsonObject]:
    try:
        documents = yaml.load_documents(file.read_bytes())
    except (yaml.YamlError, OSError) as error:
        raise UnreadableManifest(f"{file}: {error}") from None
    for document in documents:
        yield from _taken_apart(document, file)


def _taken_apart(document: Any, file: Path) -> Iterator[JsonObject]:
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str) or "apiVersion" not in document:
        raise UnreadableManifest(f"{file}: a document is not a Kubernetes object: apiVersion and kind are required")
    if document["kind"] == "List" and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _taken_apart(item, file)
        return
    if not (document.get("metadata") or {}).get("name"):
        raise UnreadableManifest(f"{file}: a {document['kind']} has no metadata.name")
    yield document
