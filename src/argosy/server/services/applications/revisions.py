"""The contents of an Application's sources: manifests at a revision, commit metadata, chart details."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.comparison.application_state import Refused, SourceState
from argosy.gitops.keys import GENERATE_PATHS, annotations_of, instance_name, resource_key
from argosy.gitops.manifests.generation import NotLoaded, Wanted
from argosy.gitops.model.application_spec import hydrator_of, is_multi, sources_of, spec_of
from argosy.gitops.model.resource_tracking import tracked
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.machinery.timestamps import seconds
from argosy.render.port import Rendered
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import invalid, unknown
from argosy.server.services.applications.access import Found, find
from argosy.server.services.applications.comparing import connected
from argosy.server.services.applications.managed import shown
from argosy.sources.port import SourceError

COMMIT: Final = re.compile(r"[0-9a-f]{40}")
ANNOTATIONS: Final = {
    "createdAt": "org.opencontainers.image.created",
    "authors": "org.opencontainers.image.authors",
    "imageUrl": "org.opencontainers.image.url",
    "docsUrl": "org.opencontainers.image.documentation",
    "sourceUrl": "org.opencontainers.image.source",
    "version": "org.opencontainers.image.version",
    "description": "org.opencontainers.image.description",
}
"""OCI image annotations, by the names that clients know."""


class Revisions:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def manifests(self, call: Call) -> JsonObject:
        request = call.request
        found = await self._one(call)
        spec = spec_of(found.app)
        if hydrator := hydrator_of(spec):
            sources = [dict(hydrator.dry_source.raw)]
        else:
            sources = [dict(source.raw) for source in sources_of(spec)]
        if is_multi(spec):
            _set_revisions(sources, request)
        elif request.get("revision"):
            sources[0]["targetRevision"] = request["revision"]
        return {"manifests": await self._rendered(found.app, sources, use_cache=request.get("noCache") is not True)}

    async def _rendered(self, app: JsonObject, sources: list[JsonObject], *, use_cache: bool) -> list[str]:
        engine = self._context.engine
        state, wanted = await self._wanted(app, sources, use_cache=use_cache)
        try:
            rendered, _, _ = await engine.manifests.rendered(wanted, engine.plane.credentials, engine.plane.settings)
        except NotLoaded as error:
            raise unknown(cause_of(error)) from None
        return self._texts(rendered, state, wanted.app)

    async def _wanted(
        self, app: JsonObject, sources: list[JsonObject], *, use_cache: bool = True
    ) -> tuple[SourceState, Wanted]:
        """Raises ApiError."""
        context = self._context
        try:
            state = await connected(context, app)
        except Refused as error:
            raise invalid("; ".join(text for _, text in error.found)) from None
        name, live = instance_name(state.key, context.namespace), state.destination.live
        wanted = Wanted(
            app=name,
            release=state.key.name,
            project=state.spec.project,
            namespace=state.namespace,
            cluster=state.cluster.server,
            sources=tuple(read(Source, source) for source in sources),
            project_spec=state.project,
            keys=context.engine.plane.signing_keys,
            plugins=context.engine.plane.plugins,
            generate_paths=annotations_of(app).get(GENERATE_PATHS, ""),
            use_cache=use_cache,
            kube_version=live.kube_version,
            api_versions=live.api_versions,
        )
        return state, wanted

    def _texts(self, rendered: Iterable[Rendered], state: SourceState, name: str) -> list[str]:
        """With the tracking metadata, as a stream; values of Secrets are masked."""
        context, kinds = self._context, state.destination.live.kinds
        found: list[JsonObject | None] = []
        for part in rendered:
            for obj in part.manifests:
                key = resource_key(obj)
                namespaced = kinds.is_namespaced(key.group, key.kind) is not False
                marked = tracked(obj, name, state.namespace if namespaced else "", context.engine.plane.settings)
                found += shown(context, marked)
        return [json.dumps(obj, separators=(",", ":"), ensure_ascii=False, sort_keys=True) for obj in found]

    async def revision(self, call: Call) -> JsonObject:
        found = await self._one(call)
        source, revision = self._source(found.app, call.request), str(call.request.get("revision") or "")
        url = str(source.get("repoURL") or "")
        if not COMMIT.fullmatch(revision):
            raise unknown(f"revision {revision} must be resolved")
        outside = self._context.outside
        credentials = self._context.engine.plane.credentials.credentials(url, found.project)
        try:
            described = await outside.writer.describe(url, revision, credentials)
            refs = await outside.git.refs(url, credentials)
        except SourceError as error:
            raise unknown(str(error)) from None
        tags = sorted(
            name.removeprefix("refs/tags/")
            for name, commit in refs.commits.items()
            if name.startswith("refs/tags/") and commit == revision
        )
        return {
            "author": described.author,
            "date": seconds(described.authored_at),
            "tags": tags,
            "message": described.message,
        }

    async def chart(self, call: Call) -> JsonObject:
        found = await self._one(call)
        source, version = self._source(found.app, call.request), str(call.request.get("revision") or "")
        chart, url = str(source.get("chart") or ""), str(source.get("repoURL") or "")
        if not chart:
            raise unknown(f"no chart found for application: {found.app['metadata']['name']}")
        credentials = self._context.engine.plane.credentials.credentials(url, found.project)
        try:
            tree = await self._context.outside.charts.tree(url, chart, version, credentials)
            parsed = load(tree.read("Chart.yaml"))
        except (SourceError, YamlError) as error:
            raise unknown(f"error extracting chart: {error}") from None
        parsed = parsed if isinstance(parsed, dict) else {}
        return {
            "description": str(parsed.get("description") or ""),
            "home": str(parsed.get("home") or ""),
            "maintainers": [_maintainer(item) for item in parsed.get("maintainers") or () if isinstance(item, dict)],
        }

    async def oci(self, call: Call) -> JsonObject:
        found = await self._one(call)
        source = self._source(found.app, call.request)
        url = str(source.get("repoURL") or "")
        if not url.startswith("oci://"):
            raise unknown(f"repoURL {url}: it is not an OCI artifact")
        credentials = self._context.engine.plane.credentials.credentials(url, found.project)
        revision = str(call.request.get("revision") or "")
        try:
            annotations = await self._context.outside.charts.annotations(url, revision, credentials)
        except SourceError as error:
            raise unknown(str(error)) from None
        return {ours: annotations[name] for ours, name in ANNOTATIONS.items() if annotations.get(name)}

    def _source(self, app: JsonObject, request: JsonObject) -> JsonObject:
        """A source of now, or of a deployment. Raises ApiError."""
        failed = "error getting app source by source index and version ID: "
        sources = [source.raw for source in sources_of(spec_of(app))]
        if (version := request.get("versionId")) is not None:
            sources = _of_version(app, int(version), failed)
        index = int(request.get("sourceIndex") or 0)
        if not 0 <= index < len(sources):
            count = "is only 1 source" if len(sources) == 1 else f"are only {len(sources)} sources"
            raise unknown(f"{failed}source index {index} not found because there {count}")
        return sources[index]

    async def _one(self, call: Call) -> Found:
        request = call.request
        return await find(
            self._context,
            call,
            "get",
            str(request.get("name") or ""),
            namespace=str(request.get("appNamespace") or ""),
            project=str(request.get("project") or ""),
        )


def _of_version(app: JsonObject, version: int, failed: str) -> list[JsonObject]:
    history = (app.get("status") or {}).get("history") or ()
    start = f"{failed}error getting source by version ID: version ID {version} not found"
    if not history:
        raise unknown(f"{start} because the app has no history")
    for entry in history:
        if int(entry.get("id") or 0) == version:
            return list(entry.get("sources") or [entry.get("source") or {}])
    raise unknown(f"{start} in the app's history")


def _set_revisions(sources: list[JsonObject], request: JsonObject) -> None:
    revisions = request.get("revisions") or []
    for index, position in enumerate(request.get("sourcePositions") or ()):
        if not 1 <= int(position) <= len(sources):
            raise unknown("source position is out of range")
        if index >= len(revisions):
            raise invalid("revisions: there are fewer than sourcePositions")
        sources[int(position) - 1]["targetRevision"] = revisions[index]


def cause_of(error: NotLoaded) -> str:
    """The error of the source or the renderer."""
    return said_of(getattr(error, "cause", error))


def said_of(error: Exception) -> str:
    text = str(error)
    unresolved = text.startswith("unable to resolve") and text.endswith("to a commit SHA")
    return f"{text}: revision not found" if unresolved else text


def _maintainer(item: JsonObject) -> str:
    name, email = str(item.get("name") or ""), str(item.get("email") or "")
    return f"{name} <{email}>" if email else name
