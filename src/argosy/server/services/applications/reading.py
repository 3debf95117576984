"""List and get; get may request a refresh first and wait until the controller has done it."""

from __future__ import annotations

import asyncio
from typing import Final

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.selectors import SelectorError, parse_labels
from argosy.machinery.timestamps import seconds
from argosy.runtime.loop_share import LoopShare
from argosy.server.calls import Call
from argosy.server.context import APPLICATIONS, ServerContext
from argosy.server.errors import ApiError, Code, invalid, unknown
from argosy.server.services.applications.access import RESOURCE, find, is_enabled, project_of, target_of_app
from argosy.server.services.applications.resource_health import with_health
from argosy.sources.urls import normalise_url

REFRESH: Final = "argocd.argoproj.io/refresh"
HYDRATE: Final = "argocd.argoproj.io/hydrate"
HYDRATE_TIME: Final = "argocd.argoproj.io/hydrate-timestamp"
AT_ONCE: Final = 100
"""Applications processed before checking whether the turn has become too long."""


class Reading:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._share = LoopShare(context.clock)
        """Shared by all concurrent lists."""

    async def list_all(self, call: Call) -> JsonObject:
        cache, request = self._context.gitops.plane.applications, call.request
        chosen = Chosen(request)
        call.checked = True
        version, items = str(cache.seen_up_to or ""), list[JsonObject]()
        for at, app in enumerate(cache.list(request.get("appNamespace") or "")):
            if at % AT_ONCE == 0:
                await self._share.wait()
            if (
                chosen.takes(app)
                and is_enabled(self._context, app["metadata"]["namespace"])
                and call.may(RESOURCE, "get", target_of_app(self._context, app))
            ):
                items.append(app)
        items.sort(key=lambda app: str(app["metadata"]["name"]))
        return {"metadata": {"resourceVersion": version}, "items": items or None}

    async def get(self, call: Call) -> JsonObject:
        request = call.request
        projects = _projects(request)
        if len(projects) > 1:
            raise invalid("multiple projects specified - the get endpoint accepts either zero or one project")
        found = await find(
            self._context,
            call,
            "get",
            request.get("name") or "",
            namespace=request.get("appNamespace") or "",
            project=projects[0] if projects else "",
        )
        refresh = request.get("refresh")
        app = found.app if refresh is None else await self._refreshed(found.app, refresh)
        return with_health(self._context, app)

    async def _refreshed(self, app: JsonObject, level: str) -> JsonObject:
        """Requests a refresh, and waits for the version in which it is done."""
        level = "hard" if level == "hard" else "normal"
        key, context = key_of(app), self._context
        patch = {
            "metadata": {"annotations": {REFRESH: level, HYDRATE: level, HYDRATE_TIME: seconds(context.clock.now())}}
        }
        written = await context.client.write(
            requests.patch(APPLICATIONS, Key(key.namespace, key.name), patch, PatchType.MERGE)
        )
        return await refreshed(context, key, int(written["metadata"]["resourceVersion"]))


async def refreshed(context: ServerContext, key: Key, since: int) -> JsonObject:
    """The first version of the Application after `since` without a refresh request."""
    heard = asyncio.Event()

    def changed(old: JsonObject | None, new: JsonObject | None) -> None:
        if (obj := new if new is not None else old) is not None and key_of(obj) == key:
            heard.set()

    cache = context.gitops.plane.applications
    forget = cache.on_change(changed, replay=False)
    try:
        while True:
            found = cache.get(key)
            if found is not None and int(found["metadata"]["resourceVersion"]) > since:
                if REFRESH not in (found["metadata"].get("annotations") or {}):
                    return found
            elif found is None and cache.seen_up_to > since:
                raise ApiError(Code.NOT_FOUND, f'applications.argoproj.io "{key.name}" not found')
            await heard.wait()
            heard.clear()
    finally:
        forget()


def _projects(request: JsonObject) -> list[str]:
    """`project` takes precedence over `projects`; empty ones are ignored."""
    found = request.get("project") or request.get("projects") or []
    return [name for name in found if name]


class Chosen:
    """The filter of a query, without rights. Raises ApiError."""

    def __init__(self, request: JsonObject, what: str = "the selector") -> None:
        self.name = request.get("name")
        self.repository = normalise_url(request.get("repo") or "")
        self.projects = frozenset(_projects(request))
        self.key = (self.name, self.repository, self.projects, request.get("selector") or "")
        """Equal for equal queries."""
        try:
            selector = request.get("selector") or ""
            self._selector = parse_labels(selector) if selector else None
        except SelectorError as error:
            raise unknown(f"error parsing {what}: {error}") from None

    def takes(self, app: JsonObject) -> bool:
        metadata = app["metadata"]
        if self.name and metadata["name"] != self.name:
            return False
        if self.projects and project_of(app) not in self.projects:
            return False
        if self._selector is not None and not self._selector.matches(metadata.get("labels") or {}):
            return False
        return not self.repository or any(normalise_url(url) == self.repository for url in repositories_of(app))


def repositories_of(app: JsonObject) -> list[str]:
    spec = app.get("spec") or {}
    sources = spec.get("sources") or [spec.get("source") or {}]
    return [str(source.get("repoURL") or "") for source in sources]
