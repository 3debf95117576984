"""Azure: its registry and Azure DevOps, distinguished by user agent. Nothing is signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.urls import normalise_git
from argosy.promotion.webhooks.delivery import (
    PING,
    Closed,
    Delivery,
    Meaning,
    Refused,
    Reply,
    items,
    payload,
    pushed,
    text,
    unsupported,
)
from argosy.promotion.webhooks.providers.repositories import artefact_urls


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    agent = delivery.header("User-Agent")
    if agent.startswith("AzureContainerRegistry"):
        return _registry(payload(delivery))
    if agent.startswith("VSServices"):
        return _devops(payload(delivery))
    raise Refused(400, "request does not appear to have originated from a supported service")


def _registry(found: JsonObject) -> Meaning:
    action = text(found, "action")
    if action == "ping":
        return Reply(200, PING)
    if action != "push":
        raise unsupported(action)
    url = f"{text(found, 'request', 'host')}/{text(found, 'target', 'repository')}"
    return pushed(artefact_urls(url, text(found, "target", "mediaType")), [text(found, "target", "tag")])


def _devops(found: JsonObject) -> Meaning:
    event = text(found, "eventType")
    if event == "git.push":
        refs = [text(one, "name") for one in items(found, "resource", "refUpdates")]
        return pushed([normalise_git(text(found, "resource", "repository", "remoteUrl"))], refs)
    if event not in ("git.pullrequest.merged", "git.pullrequest.updated"):
        raise unsupported(event)
    if event == "git.pullrequest.updated" and text(found, "resource", "status") != "abandoned":
        return Reply(200, {})
    return Closed(text(found, "resource", "_links", "web", "href"))
