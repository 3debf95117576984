"""Where replicas keep what they share: small entries that end at a time. In a ConfigMap, unless there is a Redis.

Reads are immediate, from what this replica knows; after an entry is put, the other replicas will see it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.server.configuration import CONFIG_MAPS, Configuration

OBJECT: Final = "argosy-sessions"


class SessionStore(Protocol):
    def get(self, key: str) -> str: ...

    async def put(self, key: str, value: str, until: float) -> None:
        """An empty value takes the entry away. `until`: seconds since 1970. Raises StatusError: others do not know."""
        ...

    async def run(self) -> None:
        """Hears what others put, until cancelled."""
        ...


class ConfigMapStore:
    """An entry is one key, so that two replicas never overwrite each other: `<value>;<seconds since 1970>`.

    What this replica wrote counts at once, whatever its cache shows.
    """

    def __init__(self, client: Client, configuration: Configuration, clock: Clock) -> None:
        self._client, self._configuration, self._clock = client, configuration, clock
        self._own: dict[str, str] = {}
        """Written by this replica, and maybe not in the cache yet."""

    async def run(self) -> None:
        """The cache hears by itself."""

    def get(self, key: str) -> str:
        found = self._own.get(key)
        if found is None:
            found = self._configuration.config_map(OBJECT).get(key) or ""
        return found.rpartition(";")[0]

    async def put(self, key: str, value: str, until: float) -> None:
        text = f"{value};{int(until)}" if value else ""
        self._own[key] = text
        changes: dict[str, str | None] = dict.fromkeys(self._expired(self._clock.now()))
        changes[key] = text or None
        namespace = self._configuration.namespace
        try:
            await self._client.write(
                requests.patch(CONFIG_MAPS, Key(namespace, OBJECT), {"data": changes}, PatchType.MERGE)
            )
        except StatusError as error:
            if not error.is_not_found:
                raise
            data = {name: text for name, text in changes.items() if text}
            metadata = {
                "name": OBJECT,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": "argocd"},
            }
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            try:
                await self._client.write(requests.create(CONFIG_MAPS, body))
            except StatusError as again:
                if not again.is_already_exists:
                    raise
                await self._client.write(
                    requests.patch(CONFIG_MAPS, Key(namespace, OBJECT), {"data": changes}, PatchType.MERGE)
                )

    def _expired(self, now: datetime) -> list[str]:
        found = []
        for key, value in self._configuration.config_map(OBJECT).items():
            until = value.rpartition(";")[2]
            if not until.isdecimal() or int(until) < now.timestamp():
                found.append(key)
                self._own.pop(key, None)
        return found
