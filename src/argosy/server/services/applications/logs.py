"""Logs of an Application's Pods, merged by time, filtered, and followed on request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.machinery.unexpected import described
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import invalid, unknown
from argosy.server.services.applications.access import find
from argosy.server.services.applications.comparing import view
from argosy.server.services.applications.tree import Tree

log = logging.getLogger(__name__)
MOST_PODS: Final = 10
WINDOW_SECONDS: Final = 0.1
LONGEST_LINE: Final = 1 << 20
EPOCH: Final = datetime.min.replace(tzinfo=UTC)
ENDED: Final = object()


class Logs:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def read(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        request, context = call.request, self._context
        until, passes = _until(request), _filter(request)
        namespace, project = request.get("appNamespace") or "", request.get("project") or ""
        found = await find(context, call, "get", request.get("name") or "", namespace=namespace, project=project)
        call.permit("logs", "get", found.target)
        seen = await view(context, found.app)
        pods = [] if seen is None else _chosen((await Tree(context, found.app, seen).build())["nodes"], request)
        if seen is None or not pods:
            return
        limit = context.configuration.settings.get("server.maxPodLogsToRender", "")
        if len(pods) > (int(limit) if limit.isdecimal() else MOST_PODS):
            raise invalid("max pods to view logs are reached. Please provide more granular query")
        client, query = seen.state.destination.client, _query(request)
        streams = [
            _lines(context.pod_logs(client, str(pod["namespace"]), str(pod["name"]), query), str(pod["name"]))
            for pod in pods
        ]
        merged = _merged(streams)
        try:
            async for moment, stamp, pod, line in merged:
                if not passes(line):
                    continue
                is_past = until is not None and moment > until
                yield _entry(line, moment, stamp, pod, last=is_past)
                if is_past:
                    return
        finally:
            await merged.aclose()
        now = context.clock.now()
        yield _entry("", now, now.isoformat().replace("+00:00", "Z"), "", last=True)


Line = tuple[datetime, str, str, str]
"""The time, its original text, the Pod, and the line."""


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


async def _lines(chunks: AsyncIterator[bytes], pod: str) -> AsyncGenerator[Line, None]:
    """A log that cannot be read becomes a line with the error."""
    rest = b""
    try:
        async for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                for item in _split(line, pod):
                    yield item
            if len(rest) > LONGEST_LINE:
                rest = rest[:LONGEST_LINE]
    except (StatusError, OSError) as error:
        yield EPOCH, "0001-01-01T00:00:00Z", "", str(error)
        return
    if rest:
        for item in _split(rest, pod):
            yield item


def _split(line: bytes, pod: str) -> list[Line]:
    stamp, _, text = line.decode(errors="replace").strip().partition(" ")
    try:
        moment = parse(stamp)
    except ValueError:
        moment, text = EPOCH, line.decode(errors="replace")
        stamp = "0001-01-01T00:00:00Z"
    return [(moment, stamp, pod, part) for part in text.split("\r")]


async def _merged(streams: list[AsyncGenerator[Line, None]]) -> AsyncGenerator[Line, None]:
    """Sorts lines that arrive within a tenth of a second."""
    queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=1000)
    loop = asyncio.get_running_loop()  # closing the generator would not leave a TaskGroup
    tasks = [loop.create_task(_fill(stream, queue)) for stream in streams]
    open_streams, waiting = len(streams), list[Line]()
    try:
        while open_streams or waiting:
            try:
                item = await asyncio.wait_for(queue.get(), WINDOW_SECONDS if waiting else None)
            except TimeoutError:
                item = None
            if item is ENDED:
                open_streams -= 1
            elif item is not None:
                waiting.append(item)
            if item is None or len(waiting) >= 1000 or not open_streams:
                for line in sorted(waiting, key=lambda line: line[0]):
                    yield line
                waiting.clear()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _fill(stream: AsyncGenerator[Line, None], queue: asyncio.Queue[Any]) -> None:
    try:
        async for line in stream:
            await queue.put(line)
    except Exception as error:
        log.warning("logs of a Pod end early: %s", described(error))
    finally:
        await stream.aclose()
    await queue.put(ENDED)


def _entry(content: str, moment: datetime, stamp: str, pod: str, *, last: bool) -> JsonObject:
    time = stamp if moment is EPOCH else seconds(moment)
    return {"content": content, "timeStamp": time, "last": last, "timeStampStr": stamp, "podName": pod}
