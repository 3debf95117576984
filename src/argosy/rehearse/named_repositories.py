"""Finds the Git repositories that objects name. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argosy.sources.port import SourceError
from argosy.sources.urls import check_git_url


def urls_in(objects: Sequence[object]) -> list[str]:
    """Every `repoURL` in the objects, in order of first mention; expressions are skipped."""
    found: dict[str, None] = {}
    for obj in objects:
        _walk(obj, "", found)
    return list(found)


def _walk(value: object, parent: str, found: dict[str, None]) -> None:
    if isinstance(value, Mapping):
        url = value.get("repoURL")
        if isinstance(url, str) and parent not in ("image", "chart") and not value.get("chart") and _is_git(url):
            found.setdefault(url)
        for name, inner in value.items():
            if name != "status":
                _walk(inner, str(name), found)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, parent, found)


def _is_git(url: str) -> bool:
    if "${{" in url or "{{" in url or url.startswith("oci://"):
        return False
    try:
        check_git_url(url, allow_local=True)
    except SourceError:
        return False
    return True
