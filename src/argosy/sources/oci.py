"""OCI registries (distribution specification) as sources: Helm charts, and artifacts with one layer of files.

Credentials are sent to the registry itself, and to a token service only if that is on the same host or known to belong
to it: the `realm` in a registry's response is untrusted. Plain HTTP only when a repository is configured so.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

import orjson

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.archive import ArchiveLimits, unpack
from argosy.sources.egress import Answer, Egress, origin_of, refused_status, transport_only
from argosy.sources.helm import basic, check_chart_name, check_digest
from argosy.sources.metrics import OciMetrics
from argosy.sources.port import Credentials, NotFound, Rejected, Tree
from argosy.sources.scrub import scrub
from argosy.sources.versions import highest

MANIFEST_LIMIT: Final = 4 * 1024 * 1024
TAGS_LIMIT: Final = 16 * 1024 * 1024
TAG_PAGES: Final = 1000
BLOB_LIMIT: Final = 100 * 1024 * 1024
TREES_KEPT: Final = 64

HELM_LAYER: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
LAYERS: Final = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    HELM_LAYER,
)
ACCEPT: Final = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

TOKEN_HOSTS: Final[Mapping[str, frozenset[str]]] = {
    "registry-1.docker.io": frozenset({"auth.docker.io"}),
    "registry.gitlab.com": frozenset({"gitlab.com"}),
}
"""Registry host -> token services on other hosts that may get its credentials."""

_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHALLENGE = re.compile(r'([a-zA-Z]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class _Place:
    base: str
    name: str

    @property
    def shown(self) -> str:
        return f"oci://{urlsplit(self.base).netloc}/{self.name}"

    def url(self, tail: str) -> str:
        return f"{self.base}/v2/{self.name}/{tail}"


class OciRegistries:
    """The `sources.port.ChartRepository` for `oci://` URLs; with an empty chart, the URL itself is the artifact."""

    def __init__(
        self,
        egress: Egress,
        clock: Clock,
        *,
        limits: ArchiveLimits | None = None,
        directory: Path | None = None,
        media_types: Sequence[str] = LAYERS,
        token_hosts: Mapping[str, frozenset[str]] = TOKEN_HOSTS,
    ) -> None:
        """`directory`: where the contents of large artifacts are stored. `media_types`: of layers that are accepted."""
        self._egress = egress
        self._clock = clock
        self._limits = limits
        self._directory = directory
        self._media_types = tuple(media_types)
        self._token_hosts = token_hosts
        self._trees: OrderedDict[tuple[str, str, Credentials], Tree] = OrderedDict()
        self._metrics = OciMetrics(clock)

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        place = _place(url, chart, credentials)
        with self._metrics.request(place.shown, "resolve-revision", version):
            return await self._clock.external(self._resolved(place, chart, version, credentials))

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        place = _place(url, chart, credentials)
        return await self._clock.external(self._tree(place, chart, version, credentials))

    async def listed(self, url: str, credentials: Credentials) -> list[str]:
        """Every tag of a repository."""
        place = _place(url, "", credentials)
        with self._metrics.request(place.shown, "get-tags"):
            return await self._clock.external(self.tags(place, credentials))

    async def test(self, url: str, credentials: Credentials) -> None:
        """Whether the registry has the repository, with or without any tag. Raises SourceError."""
        place = _place(url, "", credentials)
        with self._metrics.request(place.shown, "test-repo"), suppress(NotFound):
            await self._clock.external(self._resolved(place, "", "latest", credentials))

    async def annotations(self, url: str, version: str, credentials: Credentials) -> dict[str, str]:
        """The annotations in the manifest of a tag or digest."""
        place = _place(url, "", credentials)
        reference = version if _DIGEST.fullmatch(version) else _tag_of(version)
        with self._metrics.request(place.shown, "digest-metadata", version):
            manifest, _ = await self._clock.external(self._manifest(place, reference, credentials))
        found = manifest.get("annotations")
        given = found.items() if isinstance(found, dict) else ()
        return {str(name): str(value) for name, value in given if isinstance(value, str)}

    async def _resolved(self, place: _Place, chart: str, version: str, credentials: Credentials) -> str:
        if _DIGEST.fullmatch(version):
            return version
        tag = _tag_of(version)
        if not _TAG.fullmatch(tag) or not await self._exists(place, tag, credentials):
            tags = await self.tags(place, credentials)
            best = highest(version or "*", [text.replace("_", "+") for text in tags])
            if best is None:
                raise NotFound(f"{scrub(place.name)}: no tag or version satisfies {scrub(version)!r}")
            tag = _tag_of(best)
        return tag.replace("_", "+") if chart else (await self._manifest(place, tag, credentials))[1]

    async def _tree(self, place: _Place, chart: str, version: str, credentials: Credentials) -> Tree:
        reference = version if _DIGEST.fullmatch(version) else _tag_of(version)
        manifest, _ = await self._manifest(place, reference, credentials)
        layer = _layer(manifest, (HELM_LAYER,) if chart else self._media_types, exactly_one=not chart)
        key = (place.name, str(layer["digest"]), credentials)
        if key not in self._trees:
            with self._metrics.request(place.shown, "extract", version):
                body = await self._blob(place, str(layer["digest"]), credentials)
                helm = layer.get("mediaType") == HELM_LAYER
                self._trees[key] = await asyncio.to_thread(
                    unpack, body, limits=self._limits, strip_root=helm, directory=self._directory
                )
            if len(self._trees) > TREES_KEPT:
                self._trees.popitem(last=False)
        self._trees.move_to_end(key)
        return self._trees[key]

    async def tags(self, place: _Place, credentials: Credentials) -> list[str]:
        """All tags, page by page."""
        url, found = place.url("tags/list?n=1000"), []
        for _ in range(TAG_PAGES):
            answer = await self._get(url, place, credentials, limit=TAGS_LIMIT)
            if answer.status != 200:
                raise refused_status(answer, "failed to list tags")
            tags = _json(answer).get("tags") or []
            found += [str(tag) for tag in tags]
            following = re.match(r"\s*<([^>]+)>", answer.headers.get("link", ""))
            if not following:
                break
            url = urljoin(url, following.group(1))
            if origin_of(url) != origin_of(place.base):
                raise Rejected(f"{scrub(url)}: the registry continues its list elsewhere")
        return found

    async def _exists(self, place: _Place, tag: str, credentials: Credentials) -> bool:
        answer = await self._get(place.url(f"manifests/{tag}"), place, credentials, limit=MANIFEST_LIMIT)
        if answer.status in (401, 403) or answer.status >= 500:
            raise refused_status(answer, "failed to get the manifest")
        return answer.status == 200

    async def _manifest(self, place: _Place, reference: str, credentials: Credentials) -> tuple[JsonObject, str]:
        """The manifest and its digest, which is verified when it was requested by digest."""
        if not _TAG.fullmatch(reference) and not _DIGEST.fullmatch(reference):
            raise Rejected(f"{scrub(reference)!r} is neither a tag nor a digest")
        answer = await self._get(place.url(f"manifests/{reference}"), place, credentials, limit=MANIFEST_LIMIT)
        if answer.status != 200:
            raise refused_status(answer, "failed to get the manifest")
        if _DIGEST.fullmatch(reference):
            check_digest(answer, reference)
        return _json(answer), f"sha256:{hashlib.sha256(answer.body).hexdigest()}"

    async def _blob(self, place: _Place, digest: str, credentials: Credentials) -> bytes:
        if not _DIGEST.fullmatch(digest):
            raise Rejected(f"layer digest {scrub(digest)!r} is not a sha256 digest")
        answer = await self._get(place.url(f"blobs/{digest}"), place, credentials, limit=BLOB_LIMIT)
        if answer.status != 200:
            raise refused_status(answer, "failed to get the layer")
        check_digest(answer, digest)
        return answer.body

    async def _get(self, url: str, place: _Place, credentials: Credentials, *, limit: int) -> Answer:
        """First without credentials, and if the registry requires it, once more with them."""
        headers = {"Accept": ACCEPT}
        plain = place.base.startswith("http://")
        answer = await self._egress.get(url, credentials, limit=limit, headers=headers, plain_http=plain)
        if answer.status != 401 or origin_of(answer.url) != origin_of(place.base):
            return answer
        authorization = await self._authorization(answer, place, credentials)
        if not authorization:
            return answer
        return await self._egress.get(
            url, credentials, limit=limit, headers=headers, authorization=authorization, plain_http=plain
        )

    async def _authorization(self, answer: Answer, place: _Place, credentials: Credentials) -> str:
        challenge = answer.headers.get("www-authenticate", "")
        if challenge.lower().startswith("basic"):
            return basic(credentials)
        if not challenge.lower().startswith("bearer"):
            return ""
        fields = dict(_CHALLENGE.findall(challenge))
        realm = fields.pop("realm", "")
        plain = place.base.startswith("http://")
        query = urlencode({name: fields[name] for name in ("service", "scope") if name in fields})
        own = self._may_have_credentials(realm, place)
        token = await self._egress.get(
            f"{realm}{'&' if '?' in realm else '?'}{query}",
            credentials if own else transport_only(credentials),
            limit=MANIFEST_LIMIT,
            authorization=basic(credentials) if own else "",
            plain_http=plain,
        )
        if token.status != 200:
            raise refused_status(token, "failed to get a registry token")
        found = _json(token)
        return f"Bearer {found.get('token') or found.get('access_token') or ''}"

    def _may_have_credentials(self, realm: str, place: _Place) -> bool:
        registry, service = urlsplit(place.base), urlsplit(realm)
        if service.scheme != "https" and service.scheme != registry.scheme:
            return False
        host = service.hostname or ""
        return host == registry.hostname or host in self._token_hosts.get(registry.hostname or "", frozenset())


def _place(url: str, chart: str, credentials: Credentials) -> _Place:
    """Where a repository is. Raises Rejected for invalid names."""
    text = url.strip().removeprefix("oci://").rstrip("/")
    host, _, name = text.partition("/")
    if chart:
        check_chart_name(chart)
        name = f"{name}/{chart}" if name else chart
    if not host or "@" in host or not _NAME.fullmatch(name) or host.startswith("-"):
        raise Rejected(f"OCI repository {scrub(url)!r} is not allowed: use oci://host/name")
    host = "registry-1.docker.io" if host == "docker.io" else host
    return _Place(f"{'http' if credentials.insecure_oci_force_http else 'https'}://{host}", name)


def _tag_of(version: str) -> str:
    """`+` is not allowed in tags; Helm writes `_`."""
    return version.replace("+", "_")


def _layer(manifest: JsonObject, accepted: Sequence[str], *, exactly_one: bool) -> JsonObject:
    layers = [layer for layer in manifest.get("layers") or () if isinstance(layer, dict)]
    if exactly_one and len(layers) != 1:
        raise Rejected(f"expected only a single oci layer, got {len(layers)}")
    fitting = [layer for layer in layers if layer.get("mediaType") in accepted]
    if not fitting:
        kinds = ", ".join(str(layer.get("mediaType")) for layer in layers[:5])
        raise Rejected(f"oci layer media type {scrub(kinds)!r} is not in the list of allowed media types")
    return fitting[0]


def _json(answer: Answer) -> Any:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(f"{scrub(answer.url)}: the answer is not a JSON object")
    return found
