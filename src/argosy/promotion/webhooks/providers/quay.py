"""Quay: pushes. Nothing is signed: knowing the path is the only authentication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.promotion.webhooks.delivery import Delivery, Meaning, payload, pushed, text, texts
from argosy.promotion.webhooks.providers.repositories import artefact_urls


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    found = payload(delivery)
    return pushed(artefact_urls(text(found, "docker_url"), ""), texts(found, "updated_tags"))
