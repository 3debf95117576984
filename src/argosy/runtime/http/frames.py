"""Splits a watch's bytes into frames, however the network split them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError

LONGEST_FRAME = 64 << 20


class FrameError(Exception):
    """The stream is not a valid watch stream."""


class FrameCutter:
    def __init__(self, longest: int = LONGEST_FRAME) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._longest = longest

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The frames that this chunk completes."""
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            frame = b"".join((*self._parts, line))
            self._parts, self._size = [], 0
            if frame.strip():
                yield frame
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
            if self._size > self._longest:
                raise FrameError(f"a watch frame is over {self._longest} bytes")


def event_of(frame: bytes, resource: Resource) -> WatchEvent:
    """Raises StatusError for an ERROR frame."""
    try:
        document = orjson.loads(frame)
        kind, obj = document["type"], document["object"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise FrameError(f"a watch frame of {resource.qualified} is not an event") from None
    if kind == "ERROR":
        raise StatusError.from_status(obj)
    if kind not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
        raise FrameError(f"a watch frame of {resource.qualified} has type {kind!r}")
    return WatchEvent(kind, named(obj, resource))


def named(obj: JsonObject, resource: Resource) -> JsonObject:
    """List items have no apiVersion and kind, metadata-only ones have their own: all get the resource's."""
    if obj.get("kind") == resource.kind and obj.get("apiVersion") == resource.api_version:
        return obj
    rest = {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}
    return {"apiVersion": resource.api_version, "kind": resource.kind, **rest}
