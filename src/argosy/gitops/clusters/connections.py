"""Keeps a connection, with one set of informers, to each cluster that an Application uses, and no other.

Connecting to an unreachable cluster is retried; until then its applications report why they are not compared, and
those of other clusters are not affected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from argosy.gitops.clusters.contact import NotConnected, filled, look_after
from argosy.gitops.clusters.destination import Destination, follow_definitions
from argosy.gitops.clusters.event_metrics import EventMetrics
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import IN_CLUSTER
from argosy.gitops.ports import KnownTypes
from argosy.machinery.objects import JsonObject
from argosy.machinery.unexpected import shown
from argosy.runtime.backoff import Backoff
from argosy.runtime.caches.audit import CacheAudit
from argosy.runtime.caches.informer_cache import InformerCache
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.caches.namespaced import NamespacedCaches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clients.access import Access
from argosy.runtime.clock import Clock
from argosy.runtime.slices import Slices

RETRIES = Backoff(first=2.0, longest=120.0, jitter=0.5)


class State(StrEnum):
    """As upstream shows it (spec 12)."""

    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


class Connecting(Exception):
    """The cluster's objects are not known yet; its applications are reconciled again when they are."""


class Connect(Protocol):
    """Connects to clusters other than our own: opens the API server of a cluster Secret.

    Raises any error of a wrong setting or an unreachable server; its text is shown to users.
    """

    def __call__(self, cluster: Cluster) -> AbstractAsyncContextManager[Access]: ...


@dataclass(slots=True)
class Connection:
    cluster: Cluster
    state: State = State.UNKNOWN
    message: str = ""
    failures: int = 0
    """Number of consecutive failures."""
    destination: Destination | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Connections:
    """`run` until cancelled. `changed(server)` is called when a cluster's applications must be reconciled again."""

    def __init__(
        self,
        here: Destination,
        connect: Connect | None,
        known: KnownTypes,
        clock: Clock,
        rng: Rng,
        *,
        settings: Callable[[], Settings],
        changed: Callable[[str], None],
        object_changed: Callable[[JsonObject], None],
        label: Callable[[Cluster, str], Coroutine[Any, Any, None]] | None = None,
        slices: Slices,
    ) -> None:
        """`object_changed`: called for every changed object of any cluster. No `connect`: only our own cluster.
        `label`: writes a cluster's version if its Secret asks for that.
        """
        self.here = here
        self._connect = connect
        self._known = known
        self._clock = clock
        self._rng = rng.fork("clusters")
        self._settings = settings
        self._changed = changed
        self._object_changed = object_changed
        self._label = label
        self._slices = slices
        self._connections: dict[str, Connection] = {}
        self._tasks: asyncio.TaskGroup | None = None

    def of(self, cluster: Cluster) -> Destination:
        """Raises NotConnected and Connecting; the first call starts connecting."""
        if cluster.server == IN_CLUSTER:
            return self.here
        found = self._connections.get(cluster.server)
        if found is None or found.cluster != cluster:
            found = self._begin(cluster)
        if found.destination is not None:
            return found.destination
        if found.state is State.FAILED:
            raise NotConnected(f'failed to get cluster info for "{cluster.server}": {found.message}')
        raise Connecting(cluster.server)

    def states(self) -> dict[str, Connection]:
        """By server, for every cluster that is in use."""
        return dict(self._connections)

    def keep_only(self, used: Collection[Cluster]) -> None:
        """Drops connections that no application uses any more, or whose Secret has changed."""
        wanted = {cluster.server: cluster for cluster in used}
        for server, connection in tuple(self._connections.items()):
            found = wanted.get(server)
            if found is None or found != connection.cluster:
                self._end(server)
            elif found.version_label != connection.cluster.version_label:
                connection.cluster = found
                self._update_label(connection)

    def _update_label(self, connection: Connection) -> None:
        """Only the Secret's request for its cluster's version changed, or the version itself."""
        cluster, destination = connection.cluster, connection.destination
        if self._label is not None and self._tasks is not None and destination and cluster.version_label is not None:
            self._tasks.create_task(self._label(cluster, destination.live.kube_version))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            for connection in self._connections.values():
                self._start(connection)
            await asyncio.Event().wait()

    def _begin(self, cluster: Cluster) -> Connection:
        self._end(cluster.server)
        made = self._connections[cluster.server] = Connection(cluster)
        self._start(made)
        return made

    def _start(self, connection: Connection) -> None:
        if self._tasks is not None:
            name = f"cluster {connection.cluster.name}"
            connection.task = self._tasks.create_task(self._keep(connection), name=name)

    def _end(self, server: str) -> None:
        connection = self._connections.pop(server, None)
        if connection is not None and connection.task is not None:
            connection.task.cancel()

    async def _keep(self, connection: Connection) -> None:
        """Connects, and again after every failure."""
        if self._connect is None:
            self._set_state(connection, State.FAILED, "this process serves no cluster but its own")
            return
        while True:
            try:
                async with self._connect(connection.cluster) as access:
                    await self._serve(connection, access)
            except* Exception as group:
                connection.destination = None
                connection.failures += 1
                self._set_state(connection, State.FAILED, shown(group))
            await self._clock.sleep(RETRIES.delay(connection.failures, self._rng), background=True)

    async def _serve(self, connection: Connection, access: Access) -> None:
        cluster = connection.cluster
        parts = self._informers(cluster, access.client)
        caches = NamespacedCaches(dict(parts)) if cluster.namespaces else parts[""]
        live = LiveObjects(
            access.client, caches, self._object_changed, self._slices, EventMetrics(cluster.server, self._clock)
        )
        await live.discover(self._settings(), fresh=True)
        async with asyncio.TaskGroup() as tasks:
            for part in parts.values():
                tasks.create_task(part.run(), name=f"caches of {cluster.name}")
                audit = CacheAudit(access.client, partial(_all_of, part), self._clock, server=cluster.name)
                tasks.create_task(audit.run(), name=f"cache audit of {cluster.name}")
            await filled(live, parts.values(), self._clock)
            connection.destination = Destination(cluster.server, live, access, self._known)
            connection.failures = 0
            self._set_state(connection, State.SUCCESSFUL, "")
            tasks.create_task(look_after(access.client, self._clock), name=f"pulse of {cluster.name}")
            if self._label is not None and cluster.version_label is not None:
                tasks.create_task(self._label(cluster, live.kube_version), name=f"label of {cluster.name}")
            changed, rng = partial(self._changed, cluster.server), self._rng
            await follow_definitions(live, caches, self._settings, changed, self._clock, rng)

    def _informers(self, cluster: Cluster, client: Client) -> dict[str, InformerCaches]:
        """By namespace; "" for the entire cluster, or for its cluster-scoped objects."""
        names = [*cluster.namespaces, *([""] if cluster.cluster_resources else [])]
        rng = self._rng.fork(cluster.server)
        return {name: InformerCaches(client, self._clock, rng.fork(name), namespace=name) for name in names}

    def _set_state(self, connection: Connection, state: State, message: str) -> None:
        is_same = (connection.state, connection.message) == (state, message)
        connection.state, connection.message = state, message
        if not is_same or state is State.SUCCESSFUL:
            self._changed(connection.cluster.server)


def _all_of(caches: InformerCaches) -> Sequence[InformerCache]:
    return caches.all
