"""Which replica handles which object, if several share the work; a single process handles everything."""

from __future__ import annotations

from collections.abc import Callable

from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.clusters.sharding import Algorithm, owner
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.ports import Replicas
from argosy.machinery.objects import JsonObject, Key


class Ownership:
    def __init__(
        self, plane: ControlPlane, replicas: Replicas | None, cluster_of: Callable[[JsonObject], Cluster | None]
    ) -> None:
        self._plane = plane
        self._replicas = replicas
        self._cluster_of = cluster_of

    def of_application(self, key: Key) -> bool:
        """By the algorithm in the settings."""
        if self._replicas is None:
            return True
        app = self._plane.applications.get(key)
        chosen = Algorithm(self._plane.settings.sharding or Algorithm.APPLICATION)
        cluster, servers = self._cluster_of(app) if app else None, self._plane.cluster_book.servers
        found = owner(self._replicas.shards, chosen, key, cluster, servers)
        return self._replicas.is_valid and found == self._replicas.identity

    def of_key(self, key: Key) -> bool:
        """For all other objects, by key alone."""
        replicas = self._replicas
        return replicas is None or (replicas.is_valid and replicas.shards.owner(key) == replicas.identity)
