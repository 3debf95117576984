"""Harbor: pushes; the secret is sent in the Authorization header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.promotion.webhooks.delivery import Delivery, Meaning, Refused, items, payload, pushed, same, text
from argosy.promotion.webhooks.providers.repositories import artefact_urls


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    given = delivery.header("Authorization")
    if not given:
        raise Refused(401, "missing authorization")
    if not same(secret, given):
        raise Refused(401, "unauthorized")
    found = payload(delivery)
    if text(found, "type") != "PUSH_ARTIFACT":
        raise Refused(400, "unsupported event type")
    resources = items(found, "event_data", "resources")
    urls = artefact_urls(text(resources[0], "resource_url"), "") if resources else []
    return pushed(urls, [text(one, "tag") for one in resources])
