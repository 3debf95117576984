"""`.argocd-source*.yaml` next to the manifests, merge-patched onto the source (spec/argo-cd-engine-2.md 11.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.render.port import RenderError
from argosy.sources.port import NotFound, Tree

PINNED: Final = ("repoURL", "path", "chart", "targetRevision", "ref", "name", "tagPrefix")
"""The fields that a file in the repository cannot change: where it is read from."""

SIZE_LIMIT: Final = 1024 * 1024


def override_names(app_name: str) -> tuple[str, ...]:
    """In the order in which they are applied."""
    return (".argocd-source.yaml", f".argocd-source-{app_name}.yaml" if app_name and "/" not in app_name else "")


def with_overrides(source: JsonObject, path: str, app_name: str, tree: Tree, has: Callable[[str], bool]) -> JsonObject:
    """The source as modified by the files at `path`; `has` is a fast check whether a path exists."""
    for name in override_names(app_name):
        file = f"{path}/{name}" if path else name
        if name and has(file):
            source = _merged(source, _read(tree, file))
    return source


def _read(tree: Tree, file: str) -> JsonObject:
    try:
        patch = load(tree.read(file, limit=SIZE_LIMIT))
    except NotFound:
        return {}
    except YamlError as error:
        raise RenderError(f"{file}: {error}") from None
    if patch is None:
        return {}
    if not isinstance(patch, dict):
        raise RenderError(f"{file}: must be a mapping of source fields")
    return patch


def _merged(source: JsonObject, patch: JsonObject) -> JsonObject:
    allowed = {name: value for name, value in patch.items() if name not in PINNED}
    merged = _merge_patch(source, allowed)
    assert isinstance(merged, dict)
    return merged


def _merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386; the target is not changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merge_patch(result.get(name), value)
    return result
