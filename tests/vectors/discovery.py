"""Recorded discovery documents: what we serve is described as the recorded server described it.

The recorded server had more groups; a resource that both serve must be equal, and groups must come in the same order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.cluster.catalog import Catalog
from argosy.cluster.http.discovery import api_versions, documents
from argosy.cluster.kinds import builtin_kinds

from .outcome import Outcome, not_run
from .reading import stories

FAMILY = "discovery"


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/discovery`."""
    served = documents(Catalog(builtin_kinds()))
    for file, recorded, unread in stories(FAMILY, (data / "kubernetes" / "discovery").glob("*.json"), "kind"):
        path = "/" + file.stem.replace("__", "/")
        if unread:
            yield unread
        elif recorded["kind"] == "APIGroupDiscoveryList":
            yield from _aggregated(recorded, json.loads(served.aggregated_groups[0]))
        elif recorded["kind"] == "APIVersions":
            ours = api_versions("")["versions"]
            yield Outcome(FAMILY, file.stem, ours == recorded["versions"], f"{ours} != {recorded['versions']}")
        elif path not in served.legacy:
            yield not_run(FAMILY, file.stem, f"{path} is not served")
        elif recorded["kind"] == "APIGroupList":
            yield _groups(recorded, served.legacy[path])
        elif recorded["kind"] == "APIGroup":
            passed = served.legacy[path] == recorded
            yield Outcome(FAMILY, file.stem, passed, f"{served.legacy[path]} != {recorded}")
        else:
            yield from _resources(file.stem, recorded, served.legacy[path])


def _aggregated(recorded: dict[str, Any], served: dict[str, Any]) -> Iterator[Outcome]:
    ours = [item["metadata"]["name"] for item in served["items"]]
    theirs = [item["metadata"]["name"] for item in recorded["items"]]
    expected = [name for name in theirs if name in ours]
    yield Outcome(FAMILY, "order of groups", passed=ours == expected, detail=f"{ours} instead of {expected}")
    by_place = {_place(item, version): version for item in recorded["items"] for version in item["versions"]}
    for item in served["items"]:
        for version in item["versions"]:
            yield from _version(_place(item, version), by_place, version)


def _place(item: dict[str, Any], version: dict[str, Any]) -> str:
    return f"{item['metadata']['name']}/{version['version']}"


def _version(place: str, recorded: dict[str, Any], served: dict[str, Any]) -> Iterator[Outcome]:
    known = {resource["resource"]: resource for resource in recorded.get(place, {}).get("resources", ())}
    for resource in served["resources"]:
        name = resource["resource"]
        passed = resource == known.get(name)
        yield Outcome(
            FAMILY, f"aggregated {place} {name}", passed, "" if passed else f"{resource} != {known.get(name)}"
        )


def _groups(recorded: dict[str, Any], served: dict[str, Any]) -> Outcome:
    ours = {group["name"]: group["preferredVersion"] for group in served["groups"]}
    theirs = {group["name"]: group["preferredVersion"] for group in recorded["groups"] if group["name"] in ours}
    return Outcome(FAMILY, "preferred versions", ours == theirs and list(ours) == list(theirs), f"{ours} != {theirs}")


def _resources(name: str, recorded: dict[str, Any], served: dict[str, Any]) -> Iterator[Outcome]:
    def plain(resource: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in resource.items() if key != "storageVersionHash"}

    known = {resource["name"]: plain(resource) for resource in recorded["resources"]}
    ours = {resource["name"]: plain(resource) for resource in served["resources"]}
    for place, resource in known.items():
        passed = ours.get(place) == resource
        yield Outcome(FAMILY, f"{name} {place}", passed, "" if passed else f"{ours.get(place)} != {resource}")
    words = {key: served.get(key) for key in ("kind", "apiVersion", "groupVersion")}
    wanted = {key: recorded.get(key) for key in words}
    yield Outcome(FAMILY, f"{name} head", words == wanted, f"{words} != {wanted}")
