"""GitHub: pushes, packages and pull requests, signed by HMAC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.urls import normalise_git
from argosy.promotion.webhooks.delivery import (
    PING,
    Closed,
    Delivery,
    Meaning,
    Refused,
    Reply,
    below,
    items,
    payload,
    pushed,
    signed,
    text,
    unsupported,
)
from argosy.promotion.webhooks.providers.repositories import artefact_urls, changed_files

COMMITS_LISTED: Final = 2048
"""The list is cut at this number, so that its changed files may be incomplete."""
PACKAGES: Final = {"package": "package", "registry_package": "registry_package"}
CONTAINERS: Final = ("CONTAINER", "docker")


def read(delivery: Delivery, secret: str, block: Mapping[str, Any]) -> Meaning:
    signed(delivery, "X-Hub-Signature-256", secret)
    event = delivery.header("X-GitHub-Event")
    if event not in ("ping", "push", "pull_request", *PACKAGES):
        raise unsupported(event)
    found = payload(delivery)
    if event == "ping":
        return Reply(200, PING)
    if event == "push":
        return _push(found)
    if event == "pull_request":
        return Closed(text(found, "pull_request", "html_url")) if text(found, "action") == "closed" else Reply(200, {})
    return _package(found, PACKAGES[event])


def _push(found: JsonObject) -> Meaning:
    urls = [normalise_git(text(found, "repository", name)) for name in ("clone_url", "ssh_url")]
    commits = items(found, "commits")
    head = [found["head_commit"]] if found.get("head_commit") else []
    files = changed_files([*commits, *head]) if len(commits) < COMMITS_LISTED else []
    return pushed(urls, [text(found, "ref")], files)


def _package(found: JsonObject, name: str) -> Meaning:
    if text(found, "action") not in ("published", "updated"):
        return Reply(200, {})
    package = below(found, name)
    version = below(package, "package_version")
    if not version:
        raise Refused(400, "invalid request body")
    if text(package, "package_type") not in CONTAINERS:
        return Reply(200, {})
    config = below(version, "container_metadata", "manifest", "config")
    url = text(version, "package_url").removesuffix(":")
    tag = text(version, "container_metadata", "tag", "name")
    return pushed(artefact_urls(url, text(config, "media_type")), [tag])
