"""What it takes to give a project more than it has: what one may not use oneself, one gives to none (rule 4). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.machinery.objects import JsonObject

OF_EVERY_CLUSTER: Final = (
    *(f"{scope}Resource{colour}list" for scope in ("cluster", "namespace") for colour in ("White", "Black")),
    "destinationServiceAccounts",
)
"""Fields that say what may be done on all destinations, and as whom."""


def widened(before: JsonObject, after: JsonObject) -> Iterator[tuple[str, str, str]]:
    """(resource, action, object) of each right that is needed, for two `spec`s."""
    known, wanted = (_servers(spec) for spec in (before, after))
    yield from (("clusters", "update", server) for server in wanted if server not in known)
    repositories = before.get("sourceRepos") or ()
    yield from (("repositories", "update", url) for url in after.get("sourceRepos") or () if url not in repositories)
    if any((before.get(name) or []) != (after.get(name) or []) for name in OF_EVERY_CLUSTER):
        yield from (("clusters", "update", server) for server in wanted)


def _servers(spec: JsonObject) -> list[str]:
    """A cluster that is known by its name alone counts by that."""
    found = [str(item.get("server") or item.get("name") or "") for item in spec.get("destinations") or ()]
    return [server for server in dict.fromkeys(found) if server]
