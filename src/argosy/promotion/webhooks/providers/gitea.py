"""Gitea: pushes and pull requests, signed by HMAC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.promotion.urls import normalise_git
from argosy.promotion.webhooks.delivery import (
    Closed,
    Delivery,
    Meaning,
    Reply,
    items,
    number,
    payload,
    pushed,
    signed,
    text,
    unsupported,
)
from argosy.promotion.webhooks.providers.repositories import changed_files


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    signed(delivery, "X-Hub-Signature-256", secret)
    event = delivery.header("X-Gitea-Event")
    if event not in ("push", "pull_request"):
        raise unsupported(event, 501)
    found = payload(delivery)
    if event == "pull_request":
        return Closed(text(found, "pull_request", "html_url")) if text(found, "action") == "closed" else Reply(200, {})
    commits = items(found, "commits")
    files = changed_files(commits) if number(found, "total_commits") <= len(commits) else []
    return pushed([normalise_git(text(found, "repository", "clone_url"))], [text(found, "ref")], files)
