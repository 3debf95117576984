"""Logs of an Application's Pods as a part of the page's one stream: an empty snapshot, then patches with more lines.

`{"appended": [{"at", "pod", "text"}]}` has new lines, `{"ended": true}` reports that no more will come. After an
interruption the page asks again with the time of its last line as `sinceTime`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial
from typing import Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.machinery.unexpected import described
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.live.changes import Changed
from argosy.server.api.live.stream import Events
from argosy.server.calls import Call, within
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code
from argosy.server.services.applications.access import find
from argosy.server.services.applications.logs import Logs

log = logging.getLogger(__name__)
READ_AHEAD: Final = 1000
"""Lines. Reading waits while so many are not yet sent: a slow page slows the reading."""
WORDS: Final = {
    "resourceNamespace": "the namespace of the object whose Pods are read; without an object, all Pods are read",
    "kind": "the object's kind",
    "group": "the object's API group",
    "resourceName": "the object's name",
    "container": "the container, if not the first",
    "filter": "text that lines must have, ignoring case; `!` in front: that they must not have",
    "sinceTime": "RFC 3339: only lines since then",
}
FLAGS: Final = {
    "follow": "`true`: also future lines, and those of Pods that are created later",
    "previous": "`true`: of the containers before the last restart",
}


def log_stream(context: ServerContext) -> Endpoint:
    reader = Logs(context)

    async def watched(request: ApiRequest) -> Events:
        path = request.path
        found = await find(context, request.call, "get", path["name"], namespace=path["namespace"])
        request.call.permit("logs", "get", found.target)
        asked = replace(request.call, request=_asked(request))
        follows = asked.request["follow"] and not asked.request["previous"]
        return LogEvents(context, request.call, Lines(partial(reader.follow if follows else reader.read, asked)))

    return Endpoint(
        method="GET",
        path="/stream/applications/{namespace}/{name}/logs",
        summary="Logs of one Application's Pods, merged by time: patches whose `appended` has further lines",
        needs=within("logs", "get"),
        parameters=(
            *(Parameter(name, text) for name, text in (WORDS | FLAGS).items()),
            Parameter("tailLines", "of each Pod only the last lines", int),
        ),
        stream=watched,
    )


def _asked(request: ApiRequest) -> JsonObject:
    """As Argo CD's method has it."""
    found: JsonObject = {"name": request.path["name"], "appNamespace": request.path["namespace"]}
    found |= {name: request.one(name) for name in WORDS} | {"namespace": request.one("resourceNamespace")}
    found |= {name: request.one(name) == "true" for name in FLAGS}
    return found | {"tailLines": request.number("tailLines", 0)}


class Lines:
    """Reads lines in the background, from `begin` to `close`."""

    def __init__(self, read: Callable[[], AsyncGenerator[JsonObject, None]]) -> None:
        self._read = read
        self._found: deque[JsonObject] = deque()
        self._handler: Changed = _ignored
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.error: ApiError | None = None
        self.ended = False

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        self._handler = handler
        return lambda: None

    def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._fill())

    def take(self) -> list[JsonObject]:
        taken = list(self._found)
        self._found.clear()
        self._room.set()
        return taken

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _fill(self) -> None:
        entries = self._read()
        try:
            async for entry in entries:
                if entry["last"]:
                    continue
                self._found.append({"at": entry["timeStampStr"], "pod": entry["podName"], "text": entry["content"]})
                self._handler(None, None)
                while len(self._found) >= READ_AHEAD:
                    self._room.clear()
                    await self._room.wait()
        except ApiError as error:
            self.error = error
        except Exception as error:
            log.warning("logs cannot be read: %s", described(error))
            self.error = ApiError(Code.UNAVAILABLE, f"the logs cannot be read: {described(error)}")
        finally:
            self.ended = True
            await entries.aclose()
        self._handler(None, None)


def _ignored(old: JsonObject | None, new: JsonObject | None) -> None:
    pass


class LogEvents(Events):
    def __init__(self, context: ServerContext, call: Call, lines: Lines) -> None:
        self._lines = lines
        super().__init__(context, call, _nothing, (lines,))

    async def state(self) -> tuple[bytes, bytes] | None:
        """Raises the ApiError with which reading ended, after the lines before it."""
        self._dirty = False
        if self._last is None:
            self._last = {}
            self._lines.begin()
            return b"snapshot", orjson.dumps({"ended": False})
        ended, taken = self._lines.ended, self._lines.take()
        if not taken and self._lines.error is not None:
            raise self._lines.error
        if self._lines.error is not None:
            self._hear(None, None)
        patch: JsonObject = {"appended": taken} if taken else {}
        if ended and self._lines.error is None:
            patch["ended"] = True
        return (b"patch", orjson.dumps(patch)) if patch else None

    async def aclose(self) -> None:
        await super().aclose()
        await self._lines.close()


async def _nothing() -> JsonObject:
    return {}
