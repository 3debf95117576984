"""A client for OCI registries: tags, manifests, blobs (distribution specification 1.1).

A registry's responses are untrusted: sizes are bounded, digests verified, lists of tags limited. 429 and Retry-After
are respected, and the rate of requests to a registry is limited. Manifests by digest never change, so they are
cached; a list of tags is requested again with its ETag.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

import orjson

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import (
    Answer,
    Egress,
    Sink,
    origin_of,
    refused_status,
    transport_only,
)
from argosy.sources.egress.client import LONGEST_SECONDS, TIMEOUT_SECONDS
from argosy.sources.helm import basic
from argosy.sources.landing import landing
from argosy.sources.port import Credentials, Rejected, Unavailable
from argosy.sources.scrub import scrub

MANIFEST_LIMIT: Final = 4 * 1024 * 1024
TAGS_LIMIT: Final = 32 * 1024 * 1024
TAG_COUNT_LIMIT: Final = 200_000
TAG_PAGES: Final = 1000
PAGE: Final = 10_000
BLOB_LIMIT: Final = 100 * 1024 * 1024
RETRIES: Final = 4
LONGEST_WAIT: Final = 60.0
TOKEN_SECONDS: Final = 60.0
KEPT: Final = 100_000

INDEX_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT: Final = ", ".join([*INDEX_TYPES, *MANIFEST_TYPES])

_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
_HUBS: Final = ("docker.io", "index.docker.io")
_TOKEN_HOSTS: Final[Mapping[str, frozenset[str]]] = {"registry-1.docker.io": frozenset({"auth.docker.io"})}


@dataclass(frozen=True, slots=True)
class Repository:
    """The location of an image repository."""

    base: str
    name: str

    def url(self, tail: str) -> str:
        return f"{self.base}/v2/{self.name}/{tail}"


@dataclass(frozen=True, slots=True)
class Manifest:
    digest: str
    media_type: str
    raw: bytes = field(repr=False)

    def parsed(self) -> JsonObject:
        found: JsonObject = orjson.loads(self.raw)
        return found

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEX_TYPES


def repository(text: str, credentials: Credentials = Credentials()) -> Repository:  # noqa: B008  (frozen)
    """From `host/name` or Docker Hub's short names, with or without `oci://`. Raises Rejected."""
    plain = text.strip().removeprefix("oci://").rstrip("/")
    first, slash, rest = plain.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, name = first, rest
    else:
        host, name = "docker.io", plain
    if host in _HUBS or host == "registry-1.docker.io":
        host, name = "registry-1.docker.io", name if "/" in name else f"library/{name}"
    if "@" in host or host.startswith("-") or not _NAME.fullmatch(name) or len(name) > 255:
        raise Rejected(f"{scrub(text)!r} is no image repository: use host/name")
    scheme = "http" if credentials.insecure_oci_force_http or _is_local(host) else "https"
    return Repository(f"{scheme}://{host}", name)


def split_reference(text: str) -> tuple[str, str]:
    """(repository, tag or digest) of an image reference; `latest` without either. Raises Rejected."""
    plain = text.removeprefix("oci://")
    name, at, digest = plain.partition("@")
    if at:
        return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name, digest
    head, colon, tag = plain.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return plain, "latest"


def _is_local(host: str) -> bool:
    """Registries on this machine are accessed without TLS, as every client does."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name == "localhost" or name.endswith((".localhost", ".local")):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


class RegistryClient:
    def __init__(self, egress: Egress, clock: Clock, *, requests_per_second: float = 20.0) -> None:
        self._egress = egress
        self._clock = clock
        self._gap = 1.0 / requests_per_second
        self._free_at: dict[str, float] = {}
        self._tokens: dict[tuple[str, str, Credentials], tuple[float, str]] = {}
        self._manifests: OrderedDict[tuple[Repository, str, Credentials], Manifest] = OrderedDict()
        self._lists: dict[tuple[Repository, Credentials], tuple[str, list[str]]] = {}
        self.requests_count = 0

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
            found += _tags(_object(answer).get("tags"))
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
            "HEAD", place.url(f"manifests/{_checked(tag)}"), place, credentials, limit=MANIFEST_LIMIT
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get the manifest")
        digest = answer.headers.get("docker-content-digest", "")
        return digest if _DIGEST.fullmatch(digest) else ""

    async def manifest(self, place: Repository, reference: str, credentials: Credentials) -> Manifest:
        """By tag or digest. Raises NotFound. The content is hashed here: the registry's own digest is not trusted."""
        kept = self._manifests.get((place, reference, credentials))
        if kept is not None:
            return kept
        answer = await self._send(
            "GET", place.url(f"manifests/{_checked(reference)}"), place, credentials, limit=MANIFEST_LIMIT
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get the manifest")
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if _DIGEST.fullmatch(reference) and digest != reference:
            raise Rejected(f"{scrub(answer.url)}: the manifest does not have the digest that was asked for")
        parsed = _object(answer)
        media = str(parsed.get("mediaType") or answer.headers.get("content-type", "").partition(";")[0])
        made = Manifest(digest, media or MANIFEST_TYPES[0], answer.body)
        self._manifests[place, digest, credentials] = made
        if len(self._manifests) > KEPT:
            self._manifests.popitem(last=False)
        return made

    async def blob(self, place: Repository, digest: str, credentials: Credentials, *, limit: int = BLOB_LIMIT) -> bytes:
        """A small one; see `blob_to`."""
        answer = await self._blob(place, digest, credentials, limit, None)
        _check_digest(answer, f"sha256:{hashlib.sha256(answer.body).hexdigest()}", digest)
        return answer.body

    async def blob_to(
        self, path: Path, place: Repository, digest: str, credentials: Credentials, *, limit: int = BLOB_LIMIT
    ) -> None:
        """Downloads a blob to a file, which exists only when it is complete and matches the digest."""
        await self._clock.external(self._landed(path, place, digest, credentials, limit))

    async def _landed(self, path: Path, place: Repository, digest: str, credentials: Credentials, limit: int) -> None:
        async with landing(path) as file:
            answer = await self._blob(place, digest, credentials, limit, file.take)
            _check_digest(answer, file.digest, digest)

    async def _blob(
        self, place: Repository, digest: str, credentials: Credentials, limit: int, sink: Sink | None
    ) -> Answer:
        if not _DIGEST.fullmatch(digest):
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
        url = place.url(f"manifests/{_checked(reference)}")
        headers = {"Content-Type": manifest.media_type}
        answer = await self._send(
            "PUT", url, place, credentials, limit=MANIFEST_LIMIT, body=manifest.raw, headers=headers, push=True
        )
        if answer.status != 201:
            raise refused_status(answer, "failed to push the manifest")

    async def _send(
        self,
        method: str,
        url: str,
        place: Repository,
        credentials: Credentials,
        *,
        limit: int,
        body: bytes | Path | None = None,
        headers: Mapping[str, str] | None = None,
        push: bool = False,
        seconds: float = TIMEOUT_SECONDS,
        sink: Sink | None = None,
    ) -> Answer:
        """With the token the registry requires, and again after Retry-After."""
        scope = f"repository:{place.name}:{'pull,push' if push else 'pull'}"
        sent = {"Accept": ACCEPT, **(headers or {})}
        for _ in range(RETRIES):
            await self._turn(place)
            authorization = self._token(place, scope, credentials)
            answer = await self._clock.external(
                self._egress.request(
                    method,
                    url,
                    credentials,
                    limit=limit,
                    body=body,
                    headers=sent,
                    authorization=authorization,
                    seconds=seconds,
                    sink=sink,
                )
            )
            self.requests_count += 1
            if answer.status == 401 and await self._authorize(answer, place, scope, credentials, had=authorization):
                continue
            if answer.status != 429:
                return answer
            wait = _retry_after(answer)
            if wait > LONGEST_WAIT:
                break
            self._free_at[place.base] = self._clock.monotonic() + wait
        if answer.status == 429:
            raise Unavailable(f"{scrub(place.base)}: too many requests: asks to wait {_retry_after(answer):g} seconds")
        return answer

    async def _turn(self, place: Repository) -> None:
        now = self._clock.monotonic()
        free = max(now, self._free_at.get(place.base, now))
        self._free_at[place.base] = free + self._gap
        if free - now > self._gap * 20:  # a burst of twenty is allowed at once
            await self._clock.sleep(free - now)

    def _token(self, place: Repository, scope: str, credentials: Credentials) -> str:
        until, token = self._tokens.get((place.base, scope, credentials), (0.0, ""))
        return token if self._clock.monotonic() < until else ""

    async def _authorize(
        self, answer: Answer, place: Repository, scope: str, credentials: Credentials, *, had: str
    ) -> bool:
        """Whether there is a new credential to try."""
        challenge = answer.headers.get("www-authenticate", "")
        if challenge.lower().startswith("basic"):
            token, seconds = basic(credentials), TOKEN_SECONDS * 60
        elif challenge.lower().startswith("bearer"):
            token, seconds = await self._bearer(challenge, place, scope, credentials)
        else:
            return False
        if not token or token == had:
            return False
        self._tokens[place.base, scope, credentials] = (self._clock.monotonic() + seconds, token)
        return True

    async def _bearer(
        self, challenge: str, place: Repository, scope: str, credentials: Credentials
    ) -> tuple[str, float]:
        fields = dict(_CHALLENGE.findall(challenge))
        realm = fields.get("realm", "")
        query = urlencode({"service": fields.get("service", ""), "scope": scope})
        own = _may_have_credentials(realm, place)
        answer = await self._clock.external(
            self._egress.get(
                f"{realm}{'&' if '?' in realm else '?'}{query}",
                credentials if own else transport_only(credentials),
                limit=MANIFEST_LIMIT,
                authorization=basic(credentials) if own else "",
                plain_http=place.base.startswith("http://"),
            )
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get a registry token")
        found = _object(answer)
        seconds = found.get("expires_in")
        return (
            f"Bearer {found.get('token') or found.get('access_token') or ''}",
            max(1.0, min(float(seconds if isinstance(seconds, int | float) else 60), 3600.0) - 5.0),
        )


def _may_have_credentials(realm: str, place: Repository) -> bool:
    registry, service = urlsplit(place.base), urlsplit(realm)
    if service.scheme != "https" and service.scheme != registry.scheme:
        return False
    host = service.hostname or ""
    return host == registry.hostname or host in _TOKEN_HOSTS.get(registry.hostname or "", frozenset())


def _tags(listed: Any) -> list[str]:
    """An invalid tag cannot be requested anyway, and may be as long as the response."""
    return [tag for tag in listed if isinstance(tag, str) and _TAG.fullmatch(tag)] if isinstance(listed, list) else []


def _check_digest(answer: Answer, found: str, wanted: str) -> None:
    if found != wanted:
        raise Rejected(f"{scrub(answer.url)}: the blob does not have the digest that was asked for")


def _checked(reference: str) -> str:
    if not _TAG.fullmatch(reference) and not _DIGEST.fullmatch(reference):
        raise Rejected(f"{scrub(reference)!r} is neither a tag nor a digest")
    return reference


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 5.0


def _object(answer: Answer) -> Any:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(f"{scrub(answer.url)}: the answer is not a JSON object")
    return found


def manifest_of(content: Mapping[str, Any]) -> Manifest:
    raw = json.dumps(content, separators=(",", ":")).encode()
    return Manifest(f"sha256:{hashlib.sha256(raw).hexdigest()}", str(content["mediaType"]), raw)
