"""Which files changed between two commits, and whether they concern an application (manifest-generate-paths)."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join, normpath

from argosy.gitops.keys import GENERATE_PATHS, annotations_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.globs import matches_path
from argosy.sources.port import Entry, Tree


def watched(app: JsonObject, directory: str) -> list[str]:
    """Absolute paths and patterns; if empty, every change concerns the application."""
    items = (item.strip() for item in annotations_of(app).get(GENERATE_PATHS, "").split(";"))
    return [normpath(item if item.startswith("/") else join("/", directory, item)) for item in items if item]


def concerns(paths: list[str], before: Tree, after: Tree) -> bool:
    """Only reads directories that differ."""
    if not paths:
        return True
    is_unchanged = True
    for file in changed(before, after):
        is_unchanged = False
        if any(_covers(path, f"/{file}") for path in paths):
            return True
    return is_unchanged


def changed(before: Tree, after: Tree) -> Iterator[str]:
    """Files that are only in one, or differ."""
    if before.root_oid != after.root_oid:
        yield from _changed(before, after, "")


def _changed(before: Tree, after: Tree, path: str) -> Iterator[str]:
    ours, theirs = _children(before, path), _children(after, path)
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name), theirs.get(name)
        if one is not None and other is not None and (one.kind, one.oid) == (other.kind, other.oid):
            continue
        here = f"{path}/{name}" if path else name
        if (one is not None and one.kind == "dir") or (other is not None and other.kind == "dir"):
            yield from _changed(before, after, here)
        if (one is not None and one.kind != "dir") or (other is not None and other.kind != "dir"):
            yield here


def _children(tree: Tree, path: str) -> dict[str, Entry]:
    found = tree.stat(path)
    return {} if found is None or found.kind != "dir" else {entry.name: entry for entry in tree.list(path)}


def _covers(path: str, file: str) -> bool:
    return path in ("/", file) or file.startswith(f"{path}/") or matches_path(path, file)
