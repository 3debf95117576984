"""The identity of Freight: its name, a hash of origin and artefacts.

Source: spec/kargo.md 3.1 and 5 (collections).
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable

from argosy.apis.kargo import Freight
from argosy.apis.kargo.artifacts import Chart, Commit, Image
from argosy.promotion.urls import normalise_chart, normalise_git


def freight_id(freight: Freight) -> str:
    return _sha1(f"{freight.origin}:{'|'.join(sorted(_parts(freight)))}")


def collection_id(names: Iterable[str]) -> str:
    """The id of a FreightCollection; empty for an empty one."""
    ordered = sorted(names)
    return _sha1(",".join(ordered)) if ordered else ""


def _parts(freight: Freight) -> Iterable[str]:
    for commit in freight.commits:
        tag = f":{commit.tag}" if commit.tag else ""
        yield f"{normalise_git(commit.repo_url)}{tag}:{commit.id}{_named(commit)}"
    for image in freight.images:
        # Upstream hashes an image's URL as written, and both tag and digest even if empty.
        yield f"{image.repo_url}:{image.tag}@{image.digest}{_named(image)}"
    for chart in freight.charts:
        yield f"{chart_path(chart.repo_url, chart.name)}:{chart.version}{_named(chart)}"
    for other in freight.artifacts:
        yield f"{other.artifact_type}:{other.subscription_name}:{other.version}"


def chart_path(url: str, name: str) -> str:
    """As Go's path.Join: double slashes and `..` are resolved, empty parts dropped."""
    parts = [part for part in (normalise_chart(url), name) if part]
    if not parts:
        return ""
    return posixpath.normpath("/".join(parts)).replace("//", "/")


def _named(artefact: Commit | Image | Chart) -> str:
    return f":{artefact.subscription_name}" if artefact.subscription_name else ""


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
