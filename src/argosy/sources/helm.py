"""Helm chart repositories over HTTP(S): an index, and the archives that it refers to.

An index is stored compressed with its ETag, and only the block of the chart in question is parsed: large public ones
have hundreds of thousands of lines. Credentials are sent only to the repository's own host, unless `pass_credentials`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import orjson

from argosy.machinery.text.yaml import YamlError, load
from argosy.runtime.clock import Clock
from argosy.sources.archive import ArchiveLimits, unpack
from argosy.sources.coalesce import Turns
from argosy.sources.egress import Answer, Egress, origin_of, refused_status, transport_only
from argosy.sources.port import Credentials, NotFound, Rejected, Tree
from argosy.sources.scrub import scrub
from argosy.sources.versions import highest, is_constraint, is_exact

INDEX_LIMIT: Final = 100 * 1024 * 1024
ARCHIVE_LIMIT: Final = 100 * 1024 * 1024
PARSED_INDEX_LIMIT: Final = 8 * 1024 * 1024
"""Maximum bytes of an index in unusual format, which is parsed completely."""
CHARTS_KEPT: Final = 64

_CHART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,250}")


@dataclass(frozen=True, slots=True)
class _Index:
    etag: str
    packed: bytes

    @property
    def text(self) -> bytes:
        return zlib.decompress(self.packed)


@dataclass(frozen=True, slots=True)
class _Listed:
    version: str
    urls: tuple[str, ...]
    digest: str


class HelmRepositories:
    """The `sources.port.ChartRepository` for `http(s)://` repositories."""

    def __init__(
        self, egress: Egress, clock: Clock, *, limits: ArchiveLimits | None = None, directory: Path | None = None
    ) -> None:
        """`directory`: where the contents of large charts are stored."""
        self._directory = directory
        self._egress = egress
        self._clock = clock
        self._limits = limits
        self._indexes: OrderedDict[tuple[str, Credentials], _Index] = OrderedDict()
        self._turns: Turns[_Index] = Turns()
        self._charts: OrderedDict[tuple[str, str, str, str, Credentials], Tree] = OrderedDict()

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        check_chart_name(chart)
        listed = await self._listed(url, chart, credentials)
        return self._chosen(url, chart, version, listed).version

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        check_chart_name(chart)
        found = self._chosen(url, chart, version, await self._listed(url, chart, credentials))
        key = (url, chart, found.version, found.digest, credentials)
        if key not in self._charts or not found.digest:
            self._charts[key] = await self._clock.external(self._archive(url, found, credentials))
            if len(self._charts) > CHARTS_KEPT:
                self._charts.popitem(last=False)
        self._charts.move_to_end(key)
        return self._charts[key]

    async def check(self, url: str, credentials: Credentials) -> None:
        """Whether the repository returns a valid index. Raises SourceError."""
        await self._index(url, credentials)

    async def listed(self, url: str, credentials: Credentials) -> dict[str, list[str]]:
        """Every chart with its versions, as in the index. Raises SourceError."""
        index = await self._clock.external(self._index(url, credentials))
        try:
            entries = (load(index.text, nodes=2_000_000) or {}).get("entries") or {}
            found = {str(name): [_listed(item) for item in items] for name, items in entries.items()}
        except (YamlError, AttributeError, TypeError) as error:
            raise Rejected(f"the repository index cannot be read: {str(error)[:200]}") from None
        return {name: [item.version for item in items if item is not None] for name, items in found.items()}

    async def _listed(self, url: str, chart: str, credentials: Credentials) -> list[_Listed]:
        async def look() -> _Index:
            return await self._clock.external(self._index(url, credentials))

        index = await self._turns.share((url, credentials), look)
        return versions_in(index.text, chart)

    async def _index(self, url: str, credentials: Credentials) -> _Index:
        known = self._indexes.get((url, credentials))
        headers = {"If-None-Match": known.etag} if known and known.etag else {}
        where = urljoin(url.rstrip("/") + "/", "index.yaml")
        answer = await self._egress.get(
            where, credentials, limit=INDEX_LIMIT, headers=headers, authorization=basic(credentials)
        )
        if answer.status == 304 and known:
            return known
        if answer.status != 200:
            raise refused_status(answer, "failed to get the repository index")
        index = _Index(answer.headers.get("etag", ""), zlib.compress(answer.body, 1))
        self._indexes[(url, credentials)] = index
        if len(self._indexes) > CHARTS_KEPT:
            self._indexes.popitem(last=False)
        return index

    def _chosen(self, url: str, chart: str, version: str, listed: list[_Listed]) -> _Listed:
        wanted = version or "*"
        by_version = {item.version: item for item in listed}
        for spelling in (wanted, wanted.removeprefix("v"), f"v{wanted}"):
            if spelling in by_version:
                return by_version[spelling]
        best = highest(wanted, by_version)
        if best is None:
            if is_constraint(wanted) and not is_exact(wanted):
                raise NotFound(f"invalid revision: version matching constraint not found in {len(listed)} tags")
            raise NotFound(f"chart {chart!r} version {scrub(wanted)!r} not found in {scrub(url)} repository")
        return by_version[best]

    async def _archive(self, url: str, found: _Listed, credentials: Credentials) -> Tree:
        if not found.urls:
            raise NotFound(f"{scrub(url)}: the index names no archive for version {found.version}")
        where = urljoin(url.rstrip("/") + "/", found.urls[0])
        own = credentials.pass_credentials or origin_of(where) == origin_of(url)
        answer = await self._egress.get(
            where,
            credentials if own else transport_only(credentials),
            limit=ARCHIVE_LIMIT,
            authorization=basic(credentials) if own else "",
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to get the chart")
        check_digest(answer, found.digest)
        return await asyncio.to_thread(
            unpack, answer.body, limits=self._limits, strip_root=True, directory=self._directory
        )


def versions_in(index: bytes, chart: str) -> list[_Listed]:
    """An index's entries for one chart. Raises NotFound, or Rejected for an invalid index."""
    try:
        entries = orjson.loads(index).get("entries", {}).get(chart) if index[:1] == b"{" else _block(index, chart)
    except (YamlError, orjson.JSONDecodeError, AttributeError) as error:
        raise Rejected(f"the repository index cannot be read: {str(error)[:200]}") from None
    if not isinstance(entries, list):
        raise NotFound(f"chart {chart!r} not found in index")
    return [listed for item in entries if (listed := _listed(item))]


def _block(index: bytes, chart: str) -> Any:
    """The chart's part of a YAML index: the lines from its key to the next key, as every index writer formats them."""
    name = re.escape(chart.encode())
    start = re.search(rb"(?m)^  [\"']?" + name + rb"[\"']?:[ \t]*\r?$", index)
    if start is None:
        parsed = load(index, nodes=2_000_000) if len(index) <= PARSED_INDEX_LIMIT else {}
        return ((parsed or {}).get("entries") or {}).get(chart)
    end = re.compile(rb"(?m)^(?: {0,1}[^ \r\n#-]| {2}[^ \r\n#-])").search(index, start.end())
    block = index[start.start() : end.start() if end else len(index)]
    return next(iter((load(b"x:\n" + block, nodes=2_000_000) or {}).get("x", {}).values()), None)


def _listed(item: Any) -> _Listed | None:
    if not isinstance(item, dict) or not is_exact(str(item.get("version") or "")):
        return None
    urls = item.get("urls")
    return _Listed(
        str(item["version"]),
        tuple(str(url) for url in urls) if isinstance(urls, list) else (),
        str(item.get("digest") or ""),
    )


def check_chart_name(chart: str) -> None:
    if not _CHART_NAME.fullmatch(chart) or ".." in chart:
        raise Rejected(f"chart name {scrub(chart)!r} is not allowed")


def check_digest(answer: Answer, digest: str) -> None:
    """Raises Rejected when the body does not match the digest."""
    wanted = digest.removeprefix("sha256:").lower()
    if wanted and hashlib.sha256(answer.body).hexdigest() != wanted:
        raise Rejected(f"{scrub(answer.url)}: the content does not have the digest that was promised")


def basic(credentials: Credentials) -> str:
    """The Authorization header, or ""."""
    if credentials.bearer_token:
        return f"Bearer {credentials.bearer_token}"
    if not credentials.username and not credentials.password:
        return ""
    return "Basic " + base64.b64encode(f"{credentials.username}:{credentials.password}".encode()).decode()
