"""What makes two pieces of Freight the same: the name that is a hash of origin and artefacts.

Source: spec/kargo.md 3.1 and 5 (collections). Objects are raw JSON, since Freight has no spec.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.urls import normalise_chart, normalise_git


def freight_id(freight: JsonObject) -> str:
    origin = freight.get("origin") or {}
    text = "|".join(sorted(_parts(freight)))
    return _sha1(f"{origin.get('kind') or ''}/{origin.get('name') or ''}:{text}")


def collection_id(names: Iterable[str]) -> str:
    """The id of a FreightCollection; empty for an empty one."""
    ordered = sorted(names)
    return _sha1(",".join(ordered)) if ordered else ""


def _parts(freight: JsonObject) -> Iterable[str]:
    for commit in freight.get("commits") or ():
        tag = f":{commit['tag']}" if commit.get("tag") else ""
        yield f"{normalise_git(_text(commit, 'repoURL'))}{tag}:{_text(commit, 'id')}{_named(commit)}"
    for image in freight.get("images") or ():
        # Upstream takes an image's URL as it is written, and both tag and digest even when empty.
        yield f"{_text(image, 'repoURL')}:{_text(image, 'tag')}@{_text(image, 'digest')}{_named(image)}"
    for chart in freight.get("charts") or ():
        yield f"{chart_path(_text(chart, 'repoURL'), _text(chart, 'name'))}:{_text(chart, 'version')}{_named(chart)}"
    for other in freight.get("artifacts") or ():
        yield f"{_text(other, 'artifactType')}:{_text(other, 'subscriptionName')}:{_text(other, 'version')}"


def chart_path(url: str, name: str) -> str:
    """As Go's path.Join: double slashes and `..` are collapsed, empty parts dropped."""
    parts = [part for part in (normalise_chart(url), name) if part]
    if not parts:
        return ""
    return posixpath.normpath("/".join(parts)).replace("//", "/")


def _named(artefact: Mapping[str, Any]) -> str:
    return f":{artefact['subscriptionName']}" if artefact.get("subscriptionName") else ""


def _text(artefact: Mapping[str, Any], name: str) -> str:
    return str(artefact.get(name) or "")


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
