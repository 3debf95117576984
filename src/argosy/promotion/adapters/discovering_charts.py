"""Discovers charts: versions in a classic or an OCI repository (spec/kargo.md 4.4)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from argosy.machinery.objects import JsonObject
from argosy.promotion.warehouses.subscriptions import DISCOVERY_LIMIT
from argosy.promotion.warehouses.versions import constraint, newest_first
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress, refused_status
from argosy.sources.helm import basic, versions_in
from argosy.sources.port import Credentials, NotFound
from argosy.sources.registry.client import RegistryClient
from argosy.sources.registry.references import repository
from argosy.sources.scrub import scrub

INDEX_LIMIT: Final = 100 * 1024 * 1024


class ChartDiscovery:
    def __init__(self, egress: Egress, registry: RegistryClient, clock: Clock) -> None:
        self._egress, self._registry, self._clock = egress, registry, clock
        self._indexes: dict[tuple[str, Credentials], tuple[str, bytes]] = {}

    async def found(self, body: JsonObject, credentials: Credentials) -> JsonObject:
        """The entry of `status.discoveredArtifacts.charts`. Raises SourceError or SelectionError."""
        url, name = body["repoURL"], body.get("name") or ""
        wanted = constraint(body.get("semverConstraint") or "")
        if url.startswith("oci://"):
            tags = await self._registry.tags(repository(url, credentials), credentials)
            versions = newest_first([tag.replace("_", "+") for tag in tags], wanted, strict=True)
        else:
            index = await self._index(url, credentials)
            try:
                listed = versions_in(index, name)
            except NotFound:  # upstream's list is nil here, and empty if no version matches
                return _shape(body)
            versions = newest_first([one.version for one in listed], wanted, strict=False)
        return {**_shape(body), "versions": versions[: int(body.get("discoveryLimit") or DISCOVERY_LIMIT)]}

    async def _index(self, url: str, credentials: Credentials) -> bytes:
        key = (url, credentials)
        etag, kept = self._indexes.get(key, ("", b""))
        place = urljoin(f"{url.rstrip('/')}/", "index.yaml")
        answer = await self._clock.external(
            self._egress.get(
                place,
                credentials,
                limit=INDEX_LIMIT,
                headers={"If-None-Match": etag} if etag else {},
                authorization=basic(credentials) if credentials.password else "",
            )
        )
        if answer.status == 304 and etag:
            return kept
        if answer.status != 200:
            refusal = f'received unexpected HTTP {answer.status} when querying repository index at "{scrub(place)}"'
            raise type(refused_status(answer, ""))(refusal)
        self._indexes[key] = (answer.headers.get("etag", ""), answer.body)
        return answer.body


def _shape(body: JsonObject) -> JsonObject:
    return {name: body[name] for name in ("repoURL", "name", "semverConstraint") if body.get(name)}
