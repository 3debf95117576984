"""Bitbucket Cloud and Server: pushes and pull requests, signed by HMAC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.urls import normalise_git
from argosy.promotion.webhooks.delivery import (
    Closed,
    Delivery,
    Meaning,
    items,
    payload,
    pushed,
    signed,
    text,
    unsupported,
)


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    signed(delivery, "X-Hub-Signature", secret)
    event = delivery.header("X-Event-Key")
    if event == "repo:push":
        return _cloud_push(payload(delivery))
    if event == "repo:refs_changed":
        return _server_push(payload(delivery))
    if event in ("pullrequest:fulfilled", "pullrequest:rejected"):
        return Closed(text(payload(delivery), "pullrequest", "links", "html", "href"))
    if event in ("pr:merged", "pr:declined"):
        links = items(payload(delivery), "pullRequest", "links", "self")
        return Closed(text(links[0], "href") if links else "")
    raise unsupported(event)


def _cloud_push(found: JsonObject) -> Meaning:
    """Deletions have no `new`."""
    refs = []
    for change in items(found, "push", "changes"):
        name = text(change, "new", "name")
        kind = "tags" if text(change, "new", "type") == "tag" else "heads"
        refs += [f"refs/{kind}/{name}"] if name else []
    # Not normalised, as upstream: only subscriptions with the URL as Bitbucket Cloud writes it match.
    return pushed([text(found, "repository", "links", "html", "href")], refs)


def _server_push(found: JsonObject) -> Meaning:
    urls = [normalise_git(text(link, "href")) for link in items(found, "repository", "links", "clone")]
    return pushed(urls, [text(change, "ref", "id") for change in items(found, "changes")])
