"""The repo-server's calls that creating, changing and syncing an Application need; the others say where to ask.

Unlike a repo-server's, manifests in answers have the values of Secrets masked: clients compare and show them, and never
apply them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Final, NamedTuple

from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.manifests.generation import NotLoaded, Wanted
from argosy.machinery.objects import JsonObject
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError, Code, invalid, unimplemented, unknown
from argosy.server.schema.decoding import Undecodable, decode
from argosy.server.schema.encoding import encode
from argosy.server.services.applications.managed import shown
from argosy.server.services.applications.revisions import cause_of, said_of
from argosy.server.services.repositories.connecting import Connecting
from argosy.server.transport.grpc import FIRST, FIRST_SECONDS, Messages, framed, trailers
from argosy.server.transport.http2 import Http2Connection
from argosy.server.transport.http2_streams import Stream
from argosy.sources.port import SourceError

SERVICE: Final = "repository.RepoServerService"
IN_CLUSTER: Final = "https://kubernetes.default.svc"
LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a request: an Application and its repository."""
ELSEWHERE: Final = (
    "{} is not available with --core: Argosy answers it at its API server, to which 'argocd login' signs in; "
    "the file 'server' in the data directory has the address"
)


class RepoCall(NamedTuple):
    request: str
    response: str
    answer: Callable[[JsonObject], Awaitable[JsonObject]]
    """Raises ApiError."""


class RepoServer:
    """`handle` is given to every HTTP/2 connection to the repo-server."""

    def __init__(self, context: ServerContext, dispatcher: Dispatcher) -> None:
        self._context, self._dispatcher = context, dispatcher
        self._connecting = Connecting(context)
        self._calls: Mapping[str, RepoCall] = {
            "TestRepository": _call("TestRepositoryRequest", "TestRepositoryResponse", self.test_repository),
            "ResolveRevision": _call("ResolveRevisionRequest", "ResolveRevisionResponse", self.resolve_revision),
            "GenerateManifest": _call("ManifestRequest", "ManifestResponse", self.generate_manifest),
        }

    async def handle(self, connection: Http2Connection, stream: Stream) -> None:
        path = dict(stream.headers).get(":path", "").lstrip("/")
        try:
            body = await self._answered(connection, stream, path)
        except Exception as error:
            translated = self._dispatcher.translated_as(error, path)
            if not isinstance(translated, ApiError):
                raise
            connection.send_headers(stream, [(":status", "200"), *FIRST, *trailers(translated)], last=True)
            return
        connection.send_headers(stream, [(":status", "200"), *FIRST])
        await connection.send_data(stream, framed(body))
        connection.send_headers(stream, trailers(None), last=True)

    async def _answered(self, connection: Http2Connection, stream: Stream, path: str) -> bytes:
        service, _, name = path.rpartition("/")
        if service != SERVICE:
            raise unimplemented(f"unknown service {service}")
        if (call := self._calls.get(name)) is None:
            raise unimplemented(ELSEWHERE.format(name))
        async with asyncio.timeout(FIRST_SECONDS):
            request = await _request(connection, stream)
        try:
            asked = decode(call.request, request)
        except Undecodable as error:
            raise ApiError(Code.INTERNAL, f"grpc: error unmarshalling request: {error}") from None
        return encode(call.response, await call.answer(asked))

    async def test_repository(self, request: JsonObject) -> JsonObject:
        repository = request.get("repo") or {}
        if not repository.get("repo"):
            raise invalid("repo: a repository with its URL is needed")
        await self._connecting.test(repository)
        return {}

    async def resolve_revision(self, request: JsonObject) -> JsonObject:
        spec = (request.get("app") or {}).get("spec") or {}
        sources = spec.get("sources") or [spec.get("source") or {}]
        number, wanted = int(request.get("sourceIndex") or 0), str(request.get("ambiguousRevision") or "")
        if not spec.get("sources"):
            number = 0  # clients send -1 for `source`
        if not 0 <= number < len(sources):
            raise unknown(f"sourceIndex: {number} is not one of the {len(sources)} sources")
        source = read(Source, {**sources[number], "targetRevision": wanted})
        engine, project = self._context.engine, str(spec.get("project") or "default")
        try:
            revision = await engine.manifests.resolve(source, engine.plane.credentials, project)
        except SourceError as error:
            raise unknown(said_of(error)) from None
        shown = f"{wanted or 'HEAD'} ({revision})" if wanted != revision else revision
        return {"revision": revision, "ambiguousRevision": shown}

    async def generate_manifest(self, request: JsonObject) -> JsonObject:
        """For the cluster whose version and APIs the client names; manifests are without tracking metadata."""
        engine, project = self._context.engine, str(request.get("projectName") or "default")
        if (project_spec := engine.plane.effective(project)) is None:
            raise unknown(f"projectName: there is no project {project}")
        namespace, name = str(request.get("namespace") or ""), str(request.get("appName") or "")
        source = {**(request.get("applicationSource") or {}), "targetRevision": str(request.get("revision") or "")}
        wanted = Wanted(
            app=name,
            release=name,
            project=project,
            namespace=namespace,
            cluster=IN_CLUSTER,
            sources=tuple(read(Source, one) for one in (source, *_referenced(request))),
            project_spec=project_spec,
            keys=engine.plane.signing_keys,
            plugins=engine.plane.plugins,
            use_cache=not request.get("noCache"),
            kube_version=str(request.get("kubeVersion") or ""),
            api_versions=tuple(request.get("apiVersions") or ()),
        )
        try:
            rendered, revisions, _ = await engine.manifests.rendered(
                wanted, engine.plane.credentials, engine.plane.settings
            )
        except NotLoaded as error:
            raise unknown(cause_of(error)) from None
        objects = [obj for part in rendered for obj in part.manifests]
        texts = [json.dumps(obj, separators=(",", ":")) for obj in shown(self._context, *objects)]
        kind = str(rendered[0].source_type)
        return {"manifests": texts, "namespace": namespace, "revision": revisions[0].revision, "sourceType": kind}


def _call(request: str, response: str, answer: Callable[[JsonObject], Awaitable[JsonObject]]) -> RepoCall:
    return RepoCall(f"repository.{request}", f"repository.{response}", answer)


def _referenced(request: JsonObject) -> list[JsonObject]:
    """Sources whose files the rendered one may use as `$name/...`."""
    found = []
    for name, target in (request.get("refSources") or {}).items():
        repository = target.get("repo") or {}
        revision = str(target.get("targetRevision") or "")
        found.append({"repoURL": repository.get("repo", ""), "targetRevision": revision, "ref": name.lstrip("$")})
    return found


async def _request(connection: Http2Connection, stream: Stream) -> bytes:
    """The call's only message. Raises ApiError."""
    cutter = Messages(dict(stream.headers).get("grpc-encoding", ""), LIMIT)
    async with aclosing(connection.received(stream)) as received:
        async for data in received:
            if found := cutter.feed(data):
                return found[0]
    raise ApiError(Code.INTERNAL, "a request without a message")
