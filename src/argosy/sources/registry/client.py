"""A client for OCI registries: tags, manifests, blobs (distribution specification 1.1).

A registry's responses are untrusted: sizes are bounded, digests verified, lists of tags limited. 429 and Retry-After
are respected, and the rate of requests to a registry is limited. Manifests by digest never change, so they are
cached; a list of tags is requested again with its ETag.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urljoin

from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress, Sink, origin_of, refused_status, transport_only
from argosy.sources.egress.client import LONGEST_SECONDS, TIMEOUT_SECONDS
from argosy.sources.landing import landing
from argosy.sources.port import Credentials, Rejected
from argosy.sources.registry.answers import check_digest, json_object, valid_tags
from argosy.sources.registry.references import DIGEST, MANIFEST_TYPES, Manifest, Repository, checked
from argosy.sources.registry.requests import Requests
from argosy.sources.scrub import scrub

MANIFEST_LIMIT: Final = 4 * 1024 * 1024
TAGS_LIMIT: Final = 32 * 1024 * 1024
TAG_COUNT_LIMIT: Final = 200_000
TAG_PAGES: Final = 1000
PAGE: Final = 10_000
BLOB_LIMIT: Final = 100 * 1024 * 1024
KEPT: Final = 100_000


class RegistryClient(Requests):
    """Reads and writes repositories; keeps manifests, and lists of tags with their ETags."""

    def __init__(self, egress: Egress, clock: Clock, *, requests_per_second: float = 20.0) -> None:
        super().__init__(egress, clock, requests_per_second=requests_per_second)
        self._manifests: OrderedDict[tuple[Repository, str, Credentials], Manifest] = OrderedDict()
        self._lists: dict[tuple[Repository, Credentials], tuple[str, list[str]]] = {}

    async def tags(self, place: Repository, credentials: Credentials) -> list[str]:
        """All tags. A list that did not change since the last time costs one request, if the registry has ETags."""
        key = (place, credentials)
        etag, known = self._lists.get(key, ("", []))
        found: list[str] = []
        url, first_etag = place.url(f"tags/list?n={PAGE}"), ""
        for page in range(TAG_PAGES):
            headers = {"If-None-Match": etag} if etag and page == 0 else {}
            answer = await self._send("GET", url, place, credentials, limit=TAGS_LIMIT, headers=headers)
            if answer.status == 304 and page == 0:
                return known
            if answer.status != 200:
                raise refused_status(answer, "failed to list tags")
            first_etag = answer.headers.get("etag", "") if page == 0 else first_etag
            found += valid_tags(json_object(answer).get("tags"))
            if len(found) > TAG_COUNT_LIMIT:
                raise Rejected(f"{scrub(place.name)}: more than {TAG_COUNT_LIMIT} tags")
            following = re.match(r"\s*<([^>]+)>", answer.headers.get("link", ""))
            if not following:
                break
            url = self._following(url, following.group(1), place)
        else:
            raise Rejected(f"{scrub(place.name)}: the list of tags does not end")
        self._lists[key] = (first_etag if page == 0 else "", found)  # for a page, and not for the following ones
        return found

    def _following(self, url: str, link: str, place: Repository) -> str:
        found = urljoin(url, link)
        if origin_of(found) != origin_of(place.base):
            raise Rejected(f"{scrub(found)}: the registry continues its list elsewhere")
        if found == url:
            raise Rejected(f"{scrub(place.name)}: the list of tags does not end")
        return found

    async def head(self, place: Repository, tag: str, credentials: Credentials) -> str:
        """The current digest of a tag; "" if the registry does not report it. Raises NotFound."""
        answer = await self._send(
            "HEAD", place.url(f"manifests/{checked(tag)}"), place, credentials, limit=MANIFEST_LIMIT
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get the manifest")
        digest = answer.headers.get("docker-content-digest", "")
        return digest if DIGEST.fullmatch(digest) else ""

    async def manifest(self, place: Repository, reference: str, credentials: Credentials) -> Manifest:
        """By tag or digest. Raises NotFound. The content is hashed here: the registry's own digest is not trusted."""
        kept = self._manifests.get((place, reference, credentials))
        if kept is not None:
            return kept
        answer = await self._send(
            "GET", place.url(f"manifests/{checked(reference)}"), place, credentials, limit=MANIFEST_LIMIT
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get the manifest")
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if DIGEST.fullmatch(reference) and digest != reference:
            raise Rejected(f"{scrub(answer.url)}: the manifest does not have the digest that was asked for")
        parsed = json_object(answer)
        media = str(parsed.get("mediaType") or answer.headers.get("content-type", "").partition(";")[0])
        made = Manifest(digest, media or MANIFEST_TYPES[0], answer.body)
        self._manifests[place, digest, credentials] = made
        if len(self._manifests) > KEPT:
            self._manifests.popitem(last=False)
        return made

    async def blob(self, place: Repository, digest: str, credentials: Credentials, *, limit: int = BLOB_LIMIT) -> bytes:
        """A small one; see `blob_to`."""
        answer = await self._blob(place, digest, credentials, limit, None)
        check_digest(answer, f"sha256:{hashlib.sha256(answer.body).hexdigest()}", digest)
        return answer.body

    async def blob_to(
        self, path: Path, place: Repository, digest: str, credentials: Credentials, *, limit: int = BLOB_LIMIT
    ) -> None:
        """Downloads a blob to a file, which exists only when it is complete and matches the digest."""
        await self._clock.external(self._landed(path, place, digest, credentials, limit))

    async def _landed(self, path: Path, place: Repository, digest: str, credentials: Credentials, limit: int) -> None:
        async with landing(path) as file:
            answer = await self._blob(place, digest, credentials, limit, file.take)
            check_digest(answer, file.digest, digest)

    async def _blob(
        self, place: Repository, digest: str, credentials: Credentials, limit: int, sink: Sink | None
    ) -> Answer:
        if not DIGEST.fullmatch(digest):
            raise Rejected(f"{scrub(digest)!r} is not a sha256 digest")
        seconds = LONGEST_SECONDS if sink else TIMEOUT_SECONDS
        answer = await self._send(
            "GET", place.url(f"blobs/{digest}"), place, credentials, limit=limit, seconds=seconds, sink=sink
        )
        if answer.status in (301, 302, 303, 307, 308):  # to a storage backend, without our credentials
            elsewhere = urljoin(answer.url, answer.headers.get("location", ""))
            if answer.url.startswith("https://") and elsewhere.startswith("http://"):
                raise Rejected(f"{scrub(answer.url)}: redirected from https to http")
            answer = await self._clock.external(
                self._egress.get(elsewhere, transport_only(credentials), limit=limit, seconds=seconds, sink=sink)
            )
        if answer.status != 200:
            raise refused_status(answer, "failed to get the blob")
        return answer

    async def has_blob(self, place: Repository, digest: str, credentials: Credentials) -> bool:
        answer = await self._send(
            "HEAD", place.url(f"blobs/{digest}"), place, credentials, limit=MANIFEST_LIMIT, push=True
        )
        return answer.status == 200

    async def push_blob(self, place: Repository, data: bytes, credentials: Credentials) -> str:
        """Uploads in one piece unless it exists; returns the digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if not await self.has_blob(place, digest, credentials):
            await self.upload_blob(place, digest, data, credentials)
        return digest

    async def upload_blob(self, place: Repository, digest: str, data: bytes | Path, credentials: Credentials) -> None:
        """In one request, whether or not it exists; a file's content piece by piece."""
        started = await self._send(
            "POST", place.url("blobs/uploads/"), place, credentials, limit=MANIFEST_LIMIT, body=b"", push=True
        )
        if started.status != 202:
            raise refused_status(started, "failed to begin an upload")
        target = urljoin(started.url, started.headers.get("location", ""))
        if origin_of(target) != origin_of(place.base):
            raise Rejected(f"{scrub(target)}: the registry takes uploads elsewhere")
        url = f"{target}{'&' if '?' in target else '?'}{urlencode({'digest': digest})}"
        headers = {"Content-Type": "application/octet-stream"}
        done = await self._send(
            "PUT", url, place, credentials, limit=MANIFEST_LIMIT, body=data, headers=headers, push=True,
            seconds=LONGEST_SECONDS,
        )  # fmt: skip
        if done.status != 201:
            raise refused_status(done, "failed to upload")

    async def push_manifest(
        self, place: Repository, reference: str, manifest: Manifest, credentials: Credentials
    ) -> None:
        url = place.url(f"manifests/{checked(reference)}")
        headers = {"Content-Type": manifest.media_type}
        answer = await self._send(
            "PUT", url, place, credentials, limit=MANIFEST_LIMIT, body=manifest.raw, headers=headers, push=True
        )
        if answer.status != 201:
            raise refused_status(answer, "failed to push the manifest")
