"""Logs of an Application's Pods, merged by time, filtered, and followed on request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Any, Final

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.timestamps import parse, seconds
from argosy.runtime.client import Client
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import invalid, unknown
from argosy.server.services.applications.access import find
from argosy.server.services.applications.comparing import view
from argosy.server.services.applications.log_following import Following
from argosy.server.services.applications.log_lines import EPOCH, Lines, Merged, lines_of
from argosy.server.services.applications.tree import Tree
from argosy.server.services.applications.tree_scope import TreeScope

MOST_PODS: Final = 10


class Logs:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def read(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        """As Argo CD: of the Pods that there are now. The last entry says that it is the last."""
        chosen, app = await self._asked(call)
        found = await chosen.of(app)
        if not found:
            return
        if len(found) > self._most_pods:
            raise invalid("max pods to view logs are reached. Please provide more granular query")
        lines = Merged(chosen.open(pod, "", False) for pod in found).lines()
        async with aclosing(self._entries(call.request, lines)) as entries:
            async for entry in entries:
                yield entry

    async def follow(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        """Also of Pods that are created later, and of containers that are started again, as long as the Application
        exists.
        """
        chosen, _ = await self._asked(call)
        following = Following(self._context.clock, chosen.pods, chosen.open, self._most_pods)

        def heard(obj: JsonObject) -> None:
            if obj.get("kind") == "Pod" and chosen.scope.has(obj):
                following.pods_changed()

        forget = self._context.gitops.on_live_change(heard)
        try:
            async with aclosing(self._entries(call.request, following.lines())) as entries:
                async for entry in entries:
                    yield entry
        finally:
            forget()

    async def _entries(self, request: JsonObject, lines: Lines) -> AsyncGenerator[JsonObject, None]:
        until, passes = _until(request), _filter(request)
        try:
            async for moment, stamp, pod, line in lines:
                if not passes(line):
                    continue
                is_past = until is not None and moment > until
                yield _entry(line, moment, stamp, pod, last=is_past)
                if is_past:
                    return
        finally:
            await lines.aclose()
        now = self._context.clock.now()
        yield _entry("", now, now.isoformat().replace("+00:00", "Z"), "", last=True)

    @property
    def _most_pods(self) -> int:
        limit = self._context.configuration.settings.get("server.maxPodLogsToRender", "")
        return int(limit) if limit.isdecimal() else MOST_PODS

    async def _asked(self, call: Call) -> tuple[_Chosen, JsonObject]:
        """With the Application. Raises ApiError."""
        request, context = call.request, self._context
        _until(request)
        namespace, project = request.get("appNamespace") or "", request.get("project") or ""
        found = await find(context, call, "get", request.get("name") or "", namespace=namespace, project=project)
        call.permit("logs", "get", found.target)
        return _Chosen(context, key_of(found.app), request), found.app


class _Chosen:
    """The Pods of an Application that a request names, as nodes of its tree."""

    _client: Client

    def __init__(self, context: ServerContext, key: Key, request: JsonObject) -> None:
        self._context, self._key, self._request = context, key, request
        self._query = _query(request)
        self.scope = TreeScope()

    async def pods(self) -> list[JsonObject] | None:
        """None if the Application is deleted."""
        app = self._context.gitops.plane.applications.get(self._key)
        return None if app is None else await self.of(app)

    async def of(self, app: JsonObject) -> list[JsonObject]:
        self.scope.widen()
        seen = await view(self._context, app)
        if seen is None:
            return []
        tree = await Tree(self._context, app, seen).build()
        self._client = seen.state.destination.client
        self.scope.cover(app, tree)
        return _chosen(tree["nodes"], self._request)

    def open(self, pod: JsonObject, since: str, whole: bool) -> Lines:
        """`whole`: without the limit on the number of old lines."""
        query = {**self._query, "sinceTime": since} if since else dict(self._query)
        if whole:
            query.pop("tailLines", None)
        namespace, name = str(pod["namespace"]), str(pod["name"])
        return lines_of(self._context.pod_logs(self._client, namespace, name, query), name)


def _query(request: JsonObject) -> dict[str, str]:
    found = {"timestamps": "true"}
    found |= {name: str(request[name]) for name in ("container", "sinceTime") if request.get(name)}
    found |= {name: "true" for name in ("follow", "previous") if request.get(name) is True}
    for name in ("sinceSeconds", "tailLines"):
        with suppress(ValueError):
            if int(request.get(name) or 0) > 0:
                found[name] = str(int(request[name]))
    return found


def _until(request: JsonObject) -> datetime | None:
    text = request.get("untilTime") or ""
    if not text:
        return None
    try:
        return parse(text)
    except ValueError:
        raise unknown(f"invalid untilTime parameter value: {text!r} is not a time") from None


def _filter(request: JsonObject) -> Any:
    wanted = str(request.get("filter") or "")
    inverse, wanted = wanted.startswith("!"), wanted.removeprefix("!")
    if request.get("matchCase") is True:
        return lambda line: (wanted in line) is not inverse
    wanted = wanted.lower()
    return lambda line: (wanted in line.lower()) is not inverse


def _chosen(nodes: list[JsonObject], request: JsonObject) -> list[JsonObject]:
    """The Pods that are named, or that belong to the named object."""
    pod = request.get("podName") or ""
    kind, name = ("Pod", pod) if pod else (request.get("kind") or "", request.get("resourceName") or "")
    group, namespace = "" if pod else request.get("group") or "", request.get("namespace") or ""
    by_uid = {str(node["uid"]): node for node in nodes if node.get("uid")}

    def is_it(node: JsonObject) -> bool:
        return all(
            not wanted or str(node.get(field) or "") == wanted
            for field, wanted in (("kind", kind), ("name", name), ("group", group), ("namespace", namespace))
        )

    def is_below(node: JsonObject, depth: int = 0) -> bool:
        parents = (by_uid.get(str(ref.get("uid") or "")) for ref in node.get("parentRefs") or ())
        return is_it(node) or (depth < 32 and any(is_below(item, depth + 1) for item in parents if item is not None))

    pods = (node for node in nodes if node.get("kind") == "Pod" and not node.get("group") and node.get("uid"))
    return [node for node in pods if is_below(node)]


def _entry(content: str, moment: datetime, stamp: str, pod: str, *, last: bool) -> JsonObject:
    time = stamp if moment is EPOCH else seconds(moment)
    return {"content": content, "timeStamp": time, "last": last, "timeStampStr": stamp, "podName": pod}
