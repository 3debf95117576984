"""Simulated image registries: the tags of the scenario, the proposal and the present Freight."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import orjson

from argosy.machinery.objects import JsonObject
from argosy.rehearse.changes import NewImage
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials, NotFound
from argosy.sources.registry.client import RegistryClient
from argosy.sources.registry.references import MANIFEST_TYPES, Manifest, Repository, repository

CREATED = "org.opencontainers.image.created"


class SimulatedRegistry(RegistryClient):
    """Holds the tags that were added by `push`."""

    def __init__(self, egress: Egress, clock: Clock) -> None:
        super().__init__(egress, clock)
        self._pushed: dict[tuple[str, str], dict[str, Manifest]] = {}

    def push(self, image: NewImage, created_at: str) -> str:
        """Adds a tag, replacing an earlier one, and returns the digest. Raises Rejected for an invalid repository."""
        place = repository(image.repository)
        annotations = {CREATED: image.created_at or created_at, **dict(image.annotations)}
        body = {"schemaVersion": 2, "mediaType": MANIFEST_TYPES[0], "annotations": annotations}
        raw = orjson.dumps({**body, "config": {"digest": _digest(image.repository, image.tag)}})
        digest = image.digest or f"sha256:{hashlib.sha256(raw).hexdigest()}"
        self._pushed.setdefault(_key(place), {})[image.tag] = Manifest(digest, MANIFEST_TYPES[0], raw)
        return digest

    def knows(self, text: str) -> bool:
        return _key(repository(text)) in self._pushed

    async def tags(self, place: Repository, credentials: Credentials) -> list[str]:
        return sorted(self._pushed.get(_key(place), {}))

    async def head(self, place: Repository, reference: str, credentials: Credentials) -> str:
        return (await self.manifest(place, reference, credentials)).digest

    async def manifest(self, place: Repository, reference: str, credentials: Credentials) -> Manifest:
        known = self._pushed.get(_key(place), {})
        found = known.get(reference) or next((one for one in known.values() if one.digest == reference), None)
        if found is None:
            raise NotFound(f"{place.name}: there is no {reference} in the rehearsal")
        return found


def _key(place: Repository) -> tuple[str, str]:
    return place.base.partition("://")[2], place.name


def _digest(*words: str) -> str:
    return f"sha256:{hashlib.sha256(' '.join(words).encode()).hexdigest()}"


def images_in(objects: Iterable[JsonObject]) -> list[NewImage]:
    """Adds the images that Freight and Warehouses' discoveries name."""
    found: dict[tuple[str, str], NewImage] = {}
    for obj in objects:
        if obj.get("kind") == "Freight":
            _add(obj.get("images") or (), obj["metadata"].get("creationTimestamp") or "", found)
        elif obj.get("kind") == "Warehouse":
            discovered = (obj.get("status") or {}).get("discoveredArtifacts") or {}
            for one in discovered.get("images") or ():
                shown = [{**reference, "repoURL": one["repoURL"]} for reference in one.get("references") or ()]
                _add(shown, discovered.get("discoveredAt") or "", found)
    return list(found.values())


def _add(shown: Iterable[Mapping[str, object]], when: str, found: dict[tuple[str, str], NewImage]) -> None:
    for one in shown:
        place = str(one.get("repoURL") or ""), str(one.get("tag") or "")
        annotations = one.get("annotations")
        kept = annotations.items() if isinstance(annotations, dict) else ()
        given = tuple((str(name), str(text)) for name, text in kept)
        created = str(one.get("createdAt") or when)
        if all(place):
            found[place] = NewImage(*place, digest=str(one.get("digest") or ""), created_at=created, annotations=given)
