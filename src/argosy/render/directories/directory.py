"""Plain manifests in a directory (spec/argo-cd-engine-2.md 11.3, Directory). Runs in a render worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
import re2

from argosy.machinery import quantity
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.yaml import DEPTH_LIMIT, YamlError, load
from argosy.render.directories.documents import kubernetes_documents
from argosy.render.directories.jsonnet import evaluate
from argosy.render.files import DIRECTORY_LIMIT, Files, Job, ToolError, Workspace
from argosy.render.globs import GlobError, anywhere
from argosy.sources.port import Entry

SIZE_LIMIT: Final = 10 * 1024 * 1024
"""Maximum bytes of all files together, unless the setting overrides it."""
EXCEEDED = "exceeded max combined manifest file size"
"""Upstream's wording."""
FILES_LIMIT: Final = 10_000
DIRECTORY_DEPTH: Final = 100
JSONNET_ENABLED: Final = "jsonnet.enable"
SKIP_MARKER: Final = b"+argocd:skip-file-rendering"

_MANIFEST_NAME = re2.compile(r"(?i)^.*\.(yaml|yml|json|jsonnet)$")
_API_VERSION = re2.compile(rb"(?m)^\s*[\"']?apiVersion[\"']?\s*:")
_KIND = re2.compile(rb"(?m)^\s*[\"']?kind[\"']?\s*:")
_METADATA = re2.compile(rb"(?m)^\s*[\"']?metadata[\"']?\s*:")


def generate(workspace: Workspace, job: Job) -> Sequence[JsonValue]:
    options = job.options
    limit = _size_limit(job.settings.get(DIRECTORY_LIMIT) or "")
    manifests: list[JsonObject] = []
    total = 0
    for path in _chosen(workspace.files, job.path, options):
        if path.lower().endswith(".jsonnet"):
            manifests.extend(_jsonnet(workspace.files, job, path))
            continue
        try:
            data = workspace.files.read(path, limit=limit)
        except ToolError as error:
            if str(error).endswith(f"larger than the limit of {limit} bytes"):
                raise ToolError(f"{EXCEEDED}: {error}") from None
            raise
        total += len(data)
        if total > limit:
            raise ToolError(f"{EXCEEDED}: {job.path or '.'}: larger than the limit of {limit} bytes together")
        if SKIP_MARKER not in data:
            manifests.extend(_manifests(path, data))
    return manifests


def _size_limit(text: str) -> int:
    """In bytes. A bare number and upstream's `10M` mean the same to both."""
    try:
        return quantity.whole_units(text) if text else SIZE_LIMIT
    except quantity.QuantityError:
        raise ToolError(f"{DIRECTORY_LIMIT}: {text!r} is not a quantity such as 10M") from None


def _chosen(files: Files, root: str, options: JsonObject) -> list[str]:
    """Paths of the files to read, in lexical order, directories' files among them."""
    include, exclude = str(options.get("include") or ""), str(options.get("exclude") or "")
    every = bool(options.get("disableExtensionFilter"))
    try:
        included, excluded = anywhere(include) if include else None, anywhere(exclude) if exclude else None
    except GlobError as error:
        raise ToolError(str(error)) from None
    chosen: list[str] = []
    for path in _walk(files, root, recurse=bool(options.get("recurse"))):
        relative = path.removeprefix(f"{root}/") if root else path
        if not every and not _MANIFEST_NAME.match(relative):
            continue
        if (excluded and excluded.fullmatch(relative)) or (included and not included.fullmatch(relative)):
            continue
        chosen.append(path)
        if len(chosen) > FILES_LIMIT:
            raise ToolError(f"{root or '.'}: more than {FILES_LIMIT} manifest files")
    return chosen


def _walk(files: Files, path: str, *, recurse: bool, depth: int = 0) -> Iterator[str]:
    if depth > DIRECTORY_DEPTH:
        raise ToolError(f"{path}: directories are nested deeper than {DIRECTORY_DEPTH}")
    for entry in files.list(path):
        here = f"{path}/{entry.name}" if path else entry.name
        kind = _kind(files, here, entry)
        if kind == "file":
            yield here
        elif kind == "dir" and recurse and entry.kind == "dir":
            yield from _walk(files, here, recurse=True, depth=depth + 1)


def _kind(files: Files, path: str, entry: Entry) -> str:
    """The target of a link; a link to a directory is not followed, as in upstream's walk."""
    if entry.kind != "link":
        return entry.kind
    target = files.stat(path)
    return target.kind if target else ""


def _manifests(path: str, data: bytes) -> list[JsonObject]:
    if path.lower().endswith(".json"):
        return list(expanded(_json(path, data), path))
    found: list[JsonObject] = []
    try:
        for part in kubernetes_documents(data, path):
            document = load(part)
            if document is not None:
                found.extend(expanded(document, path))
    except (YamlError, ToolError) as error:
        if found or _looks_like_manifest(data):
            raise ToolError(_unreadable(path, error)) from None
        return []  # some other YAML in this directory
    return found


def _jsonnet(files: Files, job: Job, path: str) -> list[JsonObject]:
    """An object or an array of objects, skipping nulls; its size does not count with the plain manifests."""
    if (job.settings.get(JSONNET_ENABLED) or "").strip().lower() == "false":
        raise ToolError(f"{path}: Jsonnet is switched off ({JSONNET_ENABLED} in argocd-cm)")
    if SKIP_MARKER in files.read(path):
        return []
    result = evaluate(files, job.path, path, job.options.get("jsonnet") or {})
    if _depth_exceeds(result, DEPTH_LIMIT):
        raise ToolError(f"{path}: nested deeper than {DEPTH_LIMIT} levels")
    documents = result if isinstance(result, list) else [result]
    return [manifest for document in documents if document is not None for manifest in expanded(document, path)]


def _json(path: str, data: bytes) -> JsonValue:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ToolError(_unreadable(path, error)) from None
    if _depth_exceeds(value, DEPTH_LIMIT):
        raise ToolError(f"{path}: nested deeper than {DEPTH_LIMIT} levels")
    return value


def expanded(document: Any, path: str) -> Iterator[JsonObject]:
    """The object itself, or a List's items."""
    if not isinstance(document, dict):
        raise ToolError(_unreadable(path, "a document is not an object"))
    if not isinstance(document.get("kind"), str) or not document["kind"]:
        raise ToolError(_unreadable(path, "Object 'Kind' is missing"))
    if not isinstance(document.get("apiVersion"), str) or not document["apiVersion"]:
        raise ToolError(_unreadable(path, "Object 'apiVersion' is missing"))
    if isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from expanded(item, path)
    else:
        yield document


def _looks_like_manifest(data: bytes) -> bool:
    """A text without any of these three could not be a manifest even if it were valid."""
    return all(field.search(data) for field in (_API_VERSION, _KIND, _METADATA))


def _unreadable(path: str, problem: object) -> str:
    text = str(problem)
    prefix = f"Failed to unmarshal {path.rpartition('/')[2]!r}: "
    return text if text.startswith("Failed to unmarshal") else prefix + text


def _depth_exceeds(value: JsonValue, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
