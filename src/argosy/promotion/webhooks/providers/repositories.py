"""Which repositories a registry's event may mean: an image's, a chart's, or either, by media type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from argosy.promotion.urls import normalise_chart, normalise_image
from argosy.promotion.webhooks.delivery import texts

HELM: Final = "application/vnd.cncf.helm"
IMAGES: Final = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.container.image.v1+json",
    }
)
"""An OCI manifest is not listed: it may be either."""


def artefact_urls(url: str, media_type: str) -> list[str]:
    if media_type.startswith(HELM):
        return [normalise_chart(url)]
    if media_type in IMAGES:
        return [normalise_image(url)]
    return [normalise_image(url), normalise_chart(url)]


def changed_files(commits: Iterable[Any]) -> list[str]:
    return [path for commit in commits for field in ("added", "modified", "removed") for path in texts(commit, field)]
