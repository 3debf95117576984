"""Where chat threads started, kept in a ConfigMap, so that a restart does not start a new thread.

Owns: the ConfigMap `argosy-notifications-threads` in the control plane's namespace. A key identifies service, recipient
and grouping key; beyond MOST the oldest threads are dropped, and their next message starts a new one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

log = logging.getLogger(__name__)

CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
NAME: Final = "argosy-notifications-threads"
MOST: Final = 1000


class Threads(Protocol):
    def get(self, place: str) -> str:
        """The start of a thread; "" if there is none."""

    async def keep(self, place: str, began: str) -> None: ...


class Remembered:
    """For one command."""

    def __init__(self, found: dict[str, str] | None = None) -> None:
        self._found: dict[str, str] = {} if found is None else found

    def get(self, place: str) -> str:
        return self._found.get(place, "")

    async def keep(self, place: str, began: str) -> None:
        self._found[place] = began


class Kept:
    """`read`: the ConfigMap in the cache."""

    def __init__(self, client: Client, read: Callable[[], JsonObject | None], clock: Clock, namespace: str) -> None:
        self._client, self._read, self._clock, self._namespace = client, read, clock, namespace
        self._fresh: dict[str, str] = {}
        """Entries that the cache may not show yet."""

    def get(self, place: str) -> str:
        key = _key(place)
        return (self._fresh.get(key) or self._data().get(key) or "").partition(" ")[2]

    async def keep(self, place: str, began: str) -> None:
        """A ConfigMap that cannot be written fails no delivery: the message has been sent already."""
        key, text = _key(place), f"{int(self._clock.now().timestamp())} {began}"
        while len(self._fresh) >= MOST:
            del self._fresh[next(iter(self._fresh))]
        self._fresh[key] = text
        try:
            await self._write({**dict.fromkeys(_oldest(self._data()), None), key: text})
        except StatusError as error:
            log.warning("%s/%s: a thread is forgotten with the next restart: %s", self._namespace, NAME, error)

    async def _write(self, data: Mapping[str, str | None]) -> None:
        try:
            await self._client.write(
                requests.patch(CONFIG_MAPS, Key(self._namespace, NAME), {"data": dict(data)}, PatchType.MERGE)
            )
        except StatusError as error:
            if not error.is_not_found:
                raise
            given = {key: text for key, text in data.items() if text is not None}
            metadata = {"name": NAME, "namespace": self._namespace}
            await self._client.write(
                requests.create(
                    CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": given}
                )
            )

    def _data(self) -> Mapping[str, str]:
        return (self._read() or {}).get("data") or {}


def _key(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:40]


def _oldest(data: Mapping[str, str]) -> list[str]:
    """The entries to drop so that one more fits."""
    surplus = len(data) + 1 - MOST
    return sorted(data, key=lambda key: (_began(data[key]), key))[:surplus] if surplus > 0 else []


def _began(text: str) -> int:
    seconds = text.partition(" ")[0]
    return int(seconds) if seconds.isascii() and seconds.isdigit() else 0
