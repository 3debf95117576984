"""Finds the cluster of an Application, and name and labels of a cluster by its server."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import Cluster, InvalidDestination, resolve
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery.objects import JsonObject


class ClusterLookup:
    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def of(self, app: JsonObject) -> Cluster | None:
        """None if the destination is invalid."""
        destination = read(Application, app).spec.destination
        try:
            return resolve(destination, self._plane.settings, self._plane.cluster_book)
        except InvalidDestination:
            return None

    def server_of(self, app: JsonObject) -> str:
        """The application's cluster, as far as it can be resolved."""
        found = self.of(app)
        destination = read(Application, app).spec.destination
        return found.server if found is not None else destination.server or destination.name

    def name_of(self, server: str) -> str:
        """A cluster's name; "" if it is unknown."""
        found = self._by_server(server)
        return found.name if found is not None else ""

    def labels_of(self, server: str) -> Mapping[str, str]:
        """Labels of its Secret; none for a cluster without one."""
        found = self._by_server(server)
        return found.labels if found is not None else {}

    def _by_server(self, server: str) -> Cluster | None:
        book = self._plane.cluster_book
        return book.local() if server == IN_CLUSTER else book.by_server.get(server)
