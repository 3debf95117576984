"""The clusters that cluster Secrets name, each as a copy with simulated workloads and the rooms that run there."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from argosy.cli.apiserver import CONTROLLER_USER
from argosy.cli.process import ControlPlane
from argosy.cli.rooms.loading import ROOMS, Context, Parts, Rooms
from argosy.cluster.http.prometheus import PrometheusApi
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.store import Change
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.gitops.clusters.resolution import Cluster, cluster_of
from argosy.machinery.objects import JsonObject
from argosy.rehearse.sandbox import Heard
from argosy.rehearse.simulated.traffic import Served
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clients.access import Access, ClientAccess
from argosy.runtime.clock import Clock
from argosy.runtime.supervisor import Supervisor

THERE: Final = frozenset({"analysis", "rollouts", "certs", "sealing"})
"""Rooms that run in the cluster of their objects."""
SECRETS_KIND: Final = "argocd.argoproj.io/secret-type"
Shaping = Callable[[Served], Callable[[str, Parts], Parts]]


class RehearsedClusters:
    """`connect` is the GitOps room's port (`gitops.clusters.connections.Connect`)."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self._clock, self._rng = clock, rng
        self._clusters: dict[str, EmbeddedCluster] = {}
        self._names: list[str] = []
        self._heard: list[Heard] = []

    def listen(self, heard: Heard) -> None:
        self._heard.append(heard)

    def client(self, server: str) -> Client | None:
        found = self._clusters.get(server)
        return _client(found) if found is not None else None

    def names(self) -> Sequence[str]:
        return self._names

    @asynccontextmanager
    async def connect(self, cluster: Cluster) -> AsyncIterator[Access]:
        """Raises OSError for a cluster that was added after the rehearsal had started."""
        found = self._clusters.get(cluster.server)
        if found is None:
            raise OSError(f"cluster {cluster.name} was not there when the rehearsal began")
        yield ClientAccess(_client(found), lambda user: _client(found))

    def hears(self, name: str) -> Callable[[Sequence[Change]], None]:
        """Forwards the changes in a cluster's store."""

        def tell(changes: Sequence[Change]) -> None:
            for change in changes:
                old = change.old.obj if change.old is not None else None
                new = change.new.obj if change.new is not None else None
                for heard in self._heard:
                    heard(name, change.plural, old, new)

        return tell

    @asynccontextmanager
    async def running(
        self, origin: EmbeddedCluster, objects: Iterable[JsonObject], plane: ControlPlane, shaping: Shaping
    ) -> AsyncIterator[None]:
        """Forks `origin`, with all that it serves now, once per cluster Secret in `objects`."""
        async with AsyncExitStack() as stack:
            for one in _named(objects):
                copy = origin.fork(clock=self._clock, rng=self._rng.fork(f"cluster {one.server}"))
                await stack.enter_async_context(copy)
                self._clusters[one.server] = self._clusters[one.name] = copy
                self._names.append(one.name)
                await stack.enter_async_context(self._worked_in(copy, one.name, plane, shaping))
            yield

    @asynccontextmanager
    async def _worked_in(
        self, cluster: EmbeddedCluster, name: str, plane: ControlPlane, shaping: Shaping
    ) -> AsyncIterator[None]:
        workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), self._clock)
        workloads.observe(cluster.reader, cluster.on_commit)
        cluster.on_commit(self.hears(name))
        workloads.start()
        prometheus = PrometheusApi(workloads.traffic.history, workloads.traffic.look, self._clock.now)
        client, rng = _client(cluster), self._rng.fork(f"rooms {name}")
        caches = InformerCaches(client, self._clock, rng)
        rooms = Rooms(
            Context(
                client=client,
                caches=caches,
                clock=self._clock,
                rng=rng,
                doors=plane.doors,
                renderer=plane.renderer,
                jq=plane.jq,
                environ=os.environ,
                namespace="argocd",
            ),
            is_ready=lambda: True,
            rooms=tuple(room for room in ROOMS if room.name in THERE),
            shaped=shaping(prometheus.answer),
        )
        supervisor = Supervisor(self._clock, rng)
        supervisor.add("caches", caches.run)
        supervisor.add("rooms", rooms.run)
        try:
            async with supervisor:
                yield
        finally:
            rooms.close()
            workloads.stop()


def _named(objects: Iterable[JsonObject]) -> list[Cluster]:
    found: Mapping[str, Cluster] = {
        made.server: made
        for one in objects
        if one["kind"] == "Secret" and (one["metadata"].get("labels") or {}).get(SECRETS_KIND) == "cluster"
        if (made := cluster_of(_as_stored(one))).server
    }
    return [found[server] for server in sorted(found)]


def _as_stored(secret: JsonObject) -> JsonObject:
    """Converts write-only fields of manifests, such as `stringData`, as a server does."""
    plain = {
        name: base64.b64encode(str(text).encode()).decode() for name, text in (secret.get("stringData") or {}).items()
    }
    return {**secret, "data": {**(secret.get("data") or {}), **plain}}


def _client(cluster: EmbeddedCluster) -> Client:
    return cluster.client(CONTROLLER_USER, ("system:masters",), bookmarks=False)
