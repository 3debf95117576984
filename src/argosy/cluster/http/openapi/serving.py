"""Serves the OpenAPI documents: made on first use, kept while their kinds stay the same (spec section 5).

Clients keep v3 documents on disk under their URL, so the hash in it changes exactly with the content. Making all of
them takes hundreds of milliseconds, so they are made piece by piece, with other work in between.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from argosy.cluster.catalog import version_order
from argosy.cluster.http.discovery import group_order
from argosy.cluster.http.exchange import PLAIN_TEXT, Request, Response
from argosy.cluster.http.openapi.v2 import encode, swagger
from argosy.cluster.http.openapi.v3 import document
from argosy.cluster.http.openapi.v3_protobuf import encode as encode_v3
from argosy.cluster.http.representation.encode import to_bytes
from argosy.cluster.http.representation.negotiate import JSON, clauses
from argosy.cluster.http.routing import first
from argosy.cluster.http.wiring import KUBERNETES
from argosy.cluster.kind import Kind, Kinds
from argosy.cluster.pace import Pace
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces
from argosy.machinery.status import StatusError

V2_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V3_ASKED = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"
V3_PROTOBUF = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"
VERSION = "v" + ".".join(str(part) for part in KUBERNETES)
IMMUTABLE = "public, immutable"
_FAR_AHEAD = "Fri, 31 Dec 9999 23:59:59 GMT"


@dataclass(frozen=True, slots=True)
class _Document:
    kinds: tuple[Kind, ...]
    """Kinds are replaced, never changed: the same objects mean the same document."""
    body: bytes
    digest: str


class OpenApi:
    def __init__(self, kinds: Kinds, pace: Pace) -> None:
        self._kinds = kinds
        self._pace = pace
        self._lock = asyncio.Lock()
        """Concurrent requests for a document that is not made yet wait for the same task."""
        self._revision = -1
        self._v3: dict[str, _Document] = {}
        self._v3_protobuf: dict[str, _Document] = {}
        self._v2: dict[str, _Document] = {}
        self._v2_revision = -1

    async def answer(self, request: Request, rest: str, query: Mapping[str, Sequence[str]]) -> Response | None:
        """`rest` is the path below /openapi/; None for an unknown path."""
        if request.method not in ("GET", "HEAD"):
            return None
        if rest.rstrip("/") == "v2":
            return await self._answer_v2(request)
        if rest.rstrip("/") == "v3":
            return Response(200, to_bytes({"paths": await self._index()}), PLAIN_TEXT)
        if rest.startswith("v3/"):
            return await self._answer_v3(request, rest.removeprefix("v3/"), first(query, "hash"))
        return None

    async def _index(self) -> dict[str, dict[str, str]]:
        """Path (`apis/apps/v1`) -> where its document is."""
        return {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={found.digest}"}
            for path, found in (await self._documents()).items()
        }

    async def _documents(self) -> dict[str, _Document]:
        """Uses the kinds as they are at the start: never some of them older than others."""
        async with self._lock:
            if self._revision != self._kinds.revision:
                revision = self._kinds.revision
                self._v3, self._revision = await self._pace.made(self._all(self._by_path())), revision
            return self._v3

    def _all(self, by_path: Mapping[str, tuple[Kind, ...]]) -> Pieces[dict[str, _Document]]:
        found: dict[str, _Document] = {}
        for path, kinds in by_path.items():
            found[path] = yield from self._document(path, kinds)
        return found

    def _document(self, path: str, kinds: tuple[Kind, ...]) -> Pieces[_Document]:
        kept = self._v3.get(path)
        if kept is not None and kept.kinds == kinds:
            return kept
        made = yield from document(path.partition("/")[2], list(kinds), VERSION)
        return _Document(kinds, *(yield from _finished(made)))

    def _by_path(self) -> dict[str, tuple[Kind, ...]]:
        by_path: dict[str, list[Kind]] = {}
        for kind in self._ordered():
            resource = kind.resource
            path = f"apis/{resource.group}/{resource.version}" if resource.group else f"api/{resource.version}"
            by_path.setdefault(path, []).append(kind)
        return {path: tuple(kinds) for path, kinds in by_path.items()}

    def _ordered(self) -> list[Kind]:
        return sorted(
            self._kinds.all(),
            key=lambda kind: (
                kind.resource.group != "",
                group_order(kind.resource.group, custom=kind.custom),
                version_order(kind.resource.version),
                kind.resource.plural,
            ),
        )

    async def _answer_v3(self, request: Request, path: str, asked_digest: str) -> Response:
        found = (await self._documents()).get(path.rstrip("/"))
        if found is None:
            return Response(404, b"", "")
        if asked_digest and asked_digest != found.digest:
            where = f"/openapi/v3/{path.rstrip('/')}?hash={found.digest}"
            return Response(301, b"", "", [("Location", where)])
        if _form(request.header("accept"), V3_ASKED, V3_PROTOBUF) == V3_PROTOBUF:
            return _tagged(request, await self._in_protobuf(path.rstrip("/"), found), V3_PROTOBUF)
        response = _tagged(request, found, JSON)
        if asked_digest:
            response.cache_control = IMMUTABLE
            response.headers.append(("Expires", _FAR_AHEAD))
        return response

    async def _in_protobuf(self, path: str, found: _Document) -> _Document:
        async with self._lock:
            kept = self._v3_protobuf.get(path)
            if kept is None or kept.kinds != found.kinds:
                body = await self._pace.made(encode_v3(orjson.loads(found.body)))
                kept = self._v3_protobuf[path] = _Document(found.kinds, body, _digest(body))
            return kept

    async def _answer_v2(self, request: Request) -> Response:
        form = _form(request.header("accept"), V2_ASKED, V2_PROTOBUF)
        async with self._lock:
            if self._v2_revision != self._kinds.revision:
                self._v2, self._v2_revision = {}, self._kinds.revision
            kept, found = self._v2, self._v2.get(form)
            if found is None:
                found = kept[form] = await self._pace.made(_old_form(self._ordered(), form))
        return _tagged(request, found, form)


def _old_form(kinds: list[Kind], form: str) -> Pieces[_Document]:
    made = yield from swagger(kinds, VERSION)
    if form != V2_PROTOBUF:
        return _Document((), *(yield from _finished(made)))
    body = yield from encode(made)
    return _Document((), body, _digest(body))


def _finished(made: JsonObject) -> Pieces[tuple[bytes, str]]:
    body = to_bytes(made)
    yield
    return body, _digest(body)


def _form(accept: str, asked: str, protobuf: str) -> str:
    """JSON or `protobuf`, whichever the header prefers; `asked` is how requests spell the protobuf type."""
    if not accept:
        return JSON
    for clause in clauses(accept):
        if clause.covers(JSON):
            return JSON
        if clause.covers(asked):
            return protobuf
    raise StatusError(406, "NotAcceptable", f"only the following media types are accepted: {JSON}, {asked}")


def _tagged(request: Request, found: _Document, content_type: str) -> Response:
    etag = f'"{found.digest}"'
    headers = [("ETag", etag), ("Vary", "Accept")]
    if etag in request.header("if-none-match"):
        return Response(304, b"", "", headers)
    return Response(200, found.body, content_type, headers)


def _digest(body: bytes) -> str:
    return hashlib.sha512(body).hexdigest().upper()
