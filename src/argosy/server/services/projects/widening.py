"""The rights required to extend a project: nobody grants what they may not use themselves (rule 4). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.machinery.objects import JsonObject

OF_EVERY_CLUSTER: Final = (
    *(f"{scope}Resource{colour}list" for scope in ("cluster", "namespace") for colour in ("White", "Black")),
    "destinationServiceAccounts",
)
"""Fields about all destinations, and about impersonation."""


def widened(before: JsonObject, after: JsonObject) -> Iterator[tuple[str, str, str]]:
    """(resource, action, object) of each required right, from two `spec`s."""
    known, wanted = (_servers(spec) for spec in (before, after))
    yield from (("clusters", "update", server) for server in wanted if server not in known)
    repositories = before.get("sourceRepos") or ()
    yield from (("repositories", "update", url) for url in after.get("sourceRepos") or () if url not in repositories)
    if any((before.get(name) or []) != (after.get(name) or []) for name in OF_EVERY_CLUSTER):
        yield from (("clusters", "update", server) for server in wanted)


def _servers(spec: JsonObject) -> list[str]:
    """A cluster of which only the name is known counts by that."""
    found = [str(item.get("server") or item.get("name") or "") for item in spec.get("destinations") or ()]
    return [server for server in dict.fromkeys(found) if server]
