"""Discovers images: selects tags by name, then reads each one's metadata (spec/kargo.md 4.2).

A manifest by digest never changes and is cached; a tag is resolved again each time, by a HEAD if that is enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.promotion.warehouses.platforms import Platform, matches, parse
from argosy.promotion.warehouses.subscriptions import DISCOVERY_LIMIT
from argosy.promotion.warehouses.tags import image_tags, newest_builds, strategy_of
from argosy.sources.port import Credentials, NotFound, Rejected
from argosy.sources.registry.client import RegistryClient
from argosy.sources.registry.references import Manifest, Repository, repository

CREATED: Final = ("org.opencontainers.image.created", "org.label-schema.build-date")
ATTESTATION: Final = "vnd.docker.reference.type"
NEWEST_LIMIT: Final = 1000
AT_ONCE: Final = 16
CONFIG_LIMIT: Final = 4 * 1024 * 1024
INDEX_LIMIT: Final = 100
"""Limit for images of one index: a valid one has one for each platform."""
LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Image:
    digest: str
    created_at: datetime
    annotations: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[Platform, ...] = ()
    """Only set for an index."""


class ImageDiscovery:
    def __init__(
        self, registry: RegistryClient, *, cache_by_tag_policy: str = "Allow", cached_images: int = 100_000
    ) -> None:
        self._registry = registry
        self._policy, self._kept = cache_by_tag_policy, cached_images
        self._images: dict[tuple[Repository, str], Image] = {}
        self._by_tag: dict[tuple[Repository, str], str] = {}

    async def found(self, body: JsonObject, credentials: Credentials) -> JsonObject:
        """The entry of `status.discoveredArtifacts.images`. Raises SourceError or SelectionError."""
        place = repository(body["repoURL"], credentials)
        wanted = parse(body.get("platform") or "", by_tag=strategy_of(body) != "Digest")
        references = await self._references(place, body, wanted, credentials)
        shape: JsonObject = {"repoURL": body["repoURL"]}
        if body.get("platform"):
            shape["platform"] = body["platform"]
        return {**shape, **({"references": references} if references else {})}

    async def _references(
        self, place: Repository, body: JsonObject, wanted: Platform | None, credentials: Credentials
    ) -> list[JsonObject]:
        limit, strategy = int(body.get("discoveryLimit") or DISCOVERY_LIMIT), strategy_of(body)
        image_tags(body, ())  # invalid rules are reported before anything is requested
        if strategy == "Digest":
            try:
                image = await self._image(place, body["constraint"], credentials, fresh=True)
            except NotFound:
                return []
            return [_shown(body["constraint"], image)] if _fits(wanted, image) else []
        try:
            listed = await self._registry.tags(place, credentials)
        except NotFound as error:
            raise NotFound(f"error listing tags: error listing tags for repository: {error}") from None
        tags = image_tags(body, listed)
        fresh = not self._caches_tags(body)
        if strategy == "NewestBuild":
            return await self._newest(place, tags[:NEWEST_LIMIT], wanted, credentials, limit, fresh=fresh)
        return await self._first(place, tags, wanted, credentials, limit, fresh=fresh)

    def _caches_tags(self, body: JsonObject) -> bool:
        return self._policy == "Force" or (self._policy != "Forbid" and bool(body.get("cacheByTag")))

    async def _first(
        self,
        place: Repository,
        tags: list[str],
        wanted: Platform | None,
        credentials: Credentials,
        limit: int,
        *,
        fresh: bool,
    ) -> list[JsonObject]:
        """In order, some concurrently, until there are enough."""
        chosen: list[JsonObject] = []
        for at in range(0, len(tags), AT_ONCE):
            part = (
                tags[at : at + min(AT_ONCE, max(1, limit - len(chosen)))] if wanted is None else tags[at : at + AT_ONCE]
            )
            images = await self._images_of(place, part, credentials, fresh=fresh)
            chosen += [_shown(tag, image) for tag, image in zip(part, images, strict=True) if _fits(wanted, image)]
            if len(chosen) >= limit:
                break
        return chosen[:limit]

    async def _newest(
        self,
        place: Repository,
        tags: list[str],
        wanted: Platform | None,
        credentials: Credentials,
        limit: int,
        *,
        fresh: bool,
    ) -> list[JsonObject]:
        images = dict(zip(tags, await self._images_of(place, tags, credentials, fresh=fresh), strict=True))
        fitting = {tag: image for tag, image in images.items() if _fits(wanted, image)}
        order = newest_builds((tag, image.created_at) for tag, image in fitting.items())
        return [_shown(tag, fitting[tag]) for tag in order[:limit]]

    async def _images_of(
        self, place: Repository, tags: list[str], credentials: Credentials, *, fresh: bool
    ) -> list[Image]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(tag: str) -> Image:
            async with gate:
                return await self._image(place, tag, credentials, fresh=fresh)

        try:
            async with asyncio.TaskGroup() as tasks:
                made = [tasks.create_task(one(tag)) for tag in tags]
        except ExceptionGroup as group:  # only the first error is reported, as if they ran one after another
            raise group.exceptions[0] from None
        return [task.result() for task in made]

    async def _image(self, place: Repository, tag: str, credentials: Credentials, *, fresh: bool) -> Image:
        digest = "" if fresh else self._by_tag.get((place, tag), "")
        if not digest and (place, tag) in self._by_tag:
            digest = await self._registry.head(place, tag, credentials)
        known = self._images.get((place, digest)) if digest else None
        if known is not None:
            return known
        manifest = await self._registry.manifest(place, tag, credentials)
        image = self._images.get((place, manifest.digest)) or await self._read(place, manifest, credentials)
        if len(self._images) >= self._kept:
            self._images.clear()
            self._by_tag.clear()
        self._images[place, manifest.digest] = image
        self._by_tag[place, tag] = manifest.digest
        return image

    async def _read(self, place: Repository, manifest: Manifest, credentials: Credentials) -> Image:
        parsed = manifest.parsed()
        annotations = _texts(parsed.get("annotations"))
        if not manifest.is_index:
            return Image(manifest.digest, await self._created(place, parsed, annotations, credentials), annotations)
        listed = parsed.get("manifests")
        children = [child for child in listed if _is_image(child)] if isinstance(listed, list) else []
        if not children:
            raise Rejected("the index holds no image")
        if len(children) > INDEX_LIMIT:
            raise Rejected(f"the index holds more than {INDEX_LIMIT} images")
        platforms = tuple(_platform(child["platform"]) for child in children)
        created = _time_of(annotations)
        if created is None:
            times = []
            for child in children:
                below = await self._registry.manifest(place, child["digest"], credentials)
                shape = below.parsed()
                times.append(await self._created(place, shape, _texts(shape.get("annotations")), credentials))
            created = max(times)
        return Image(manifest.digest, created, annotations, platforms)

    async def _created(
        self, place: Repository, manifest: JsonObject, annotations: Mapping[str, str], credentials: Credentials
    ) -> datetime:
        """From annotations, else the later of the configuration's time and that of its labels."""
        if (found := _time_of(annotations)) is not None:
            return found
        digest = str(_mapping(manifest.get("config")).get("digest") or "")
        if not digest:
            return LONG_AGO
        raw = await self._registry.blob(place, digest, credentials, limit=CONFIG_LIMIT)
        try:
            config = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return LONG_AGO
        if not isinstance(config, dict):
            return LONG_AGO
        labels = _time_of(_texts(_mapping(config.get("config")).get("Labels")))
        times = [moment for moment in (_parsed(config.get("created")), labels) if moment]
        return max(times, default=LONG_AGO)


def _fits(wanted: Platform | None, image: Image) -> bool:
    return wanted is None or any(matches(wanted, found) for found in image.platforms)


def _shown(tag: str, image: Image) -> JsonObject:
    shape: JsonObject = {"tag": tag, "digest": image.digest}
    if image.annotations:
        shape["annotations"] = dict(image.annotations)
    if image.created_at != LONG_AGO:
        shape["createdAt"] = timestamps.seconds(image.created_at)
    return shape


def _is_image(child: Any) -> bool:
    if not isinstance(child, dict) or ATTESTATION in _mapping(child.get("annotations")):
        return False
    if not isinstance(child.get("digest"), str):
        return False
    platform = child.get("platform")
    return isinstance(platform, dict) and platform.get("os") != "unknown" and platform.get("architecture") != "unknown"


def _platform(found: Mapping[str, Any]) -> Platform:
    return Platform(str(found.get("os")), str(found.get("architecture")), str(found.get("variant") or ""))


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _texts(found: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _time_of(annotations: Mapping[str, str]) -> datetime | None:
    return next((moment for name in CREATED if (moment := _parsed(annotations.get(name)))), None)


def _parsed(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = timestamps.parse(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
