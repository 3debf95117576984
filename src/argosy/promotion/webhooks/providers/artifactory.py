"""Artifactory: pushes of images and OCI artefacts, signed by HMAC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.promotion.urls import normalise_chart, normalise_image
from argosy.promotion.webhooks.delivery import Delivery, Meaning, Refused, payload, pushed, signed, text

NORMALISED: Final = {"docker": normalise_image, "oci": normalise_chart}


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    signed(delivery, "X-Jfrog-Event-Auth", secret, prefix="")
    found = payload(delivery)
    if text(found, "event_type") != "pushed" or text(found, "domain") != "docker":
        raise Refused(501, "event type must be 'pushed' and domain must be 'docker'")
    kind = text(found, "data", "image_type")
    if kind not in NORMALISED:
        raise Refused(501, f'unsupported image type "{kind}"')
    origin, path = text(found, "jpd_origin"), text(found, "data", "path")
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        raise Refused(400, f'invalid value "{origin}" in payload\'s jpd_origin field') from None
    parts = path.split("/")
    if len(parts) < 2:
        raise Refused(400, f'invalid value "{path}" in payload\'s data.path field')
    repository = str(block.get("virtualRepoName") or "") or text(found, "data", "repo_key")
    url = "/".join([host, repository, *parts[:-2]])
    return pushed([NORMALISED[kind](url)], [text(found, "data", "tag")])
