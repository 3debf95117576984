"""GitLab: pushes, tags and merge requests; the secret itself is sent in a header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.urls import normalise_git
from argosy.promotion.webhooks.delivery import (
    Closed,
    Delivery,
    Meaning,
    Refused,
    Reply,
    items,
    number,
    payload,
    pushed,
    same,
    text,
    unsupported,
)
from argosy.promotion.webhooks.providers.repositories import changed_files


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    if not same(secret, delivery.header("X-Gitlab-Token")):
        raise Refused(401)
    event = delivery.header("X-Gitlab-Event")
    if event not in ("Push Hook", "Tag Push Hook", "Merge Request Hook"):
        raise unsupported(event)
    found = payload(delivery)
    if event == "Merge Request Hook":
        ends = text(found, "object_attributes", "action") in ("close", "merge")
        return Closed(text(found, "object_attributes", "url")) if ends else Reply(200, {})
    urls = [normalise_git(text(found, "repository", name)) for name in ("git_http_url", "git_ssh_url")]
    return pushed(urls, [text(found, "ref")], _files(found) if event == "Push Hook" else [])


def _files(found: JsonObject) -> list[str]:
    """None if not every commit is listed."""
    commits = items(found, "commits")
    return changed_files(commits) if number(found, "total_commits_count") <= len(commits) else []
