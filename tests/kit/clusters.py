"""Further clusters in the same virtual time, and who may do what in each: `connect` is what `gitops` is given.

`down` names servers that cannot be reached.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from argosy.cluster.auth.aggregation import role_hooks
from argosy.cluster.auth.attributes import Attributes, require
from argosy.cluster.auth.impersonation import with_implied
from argosy.cluster.auth.rbac import Rbac
from argosy.cluster.request import ApiRequest
from argosy.cluster.server import EmbeddedCluster
from argosy.gitops.clusters.resolution import Cluster
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Served
from argosy.runtime.client import Client
from argosy.runtime.clients.access import Access, ClientAccess
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.http.exchange import Unreachable
from tests.kit.verbs import verbs
from tests.kit.world import CONFIG_MAPS, SECRETS, World, ours


class Clusters:
    def __init__(self, world: World) -> None:
        self._world = world
        self._others: dict[str, EmbeddedCluster] = {}
        self._rights: dict[int, Rbac] = {}
        self.down: set[str] = set()
        self.users: dict[str, tuple[str, tuple[str, ...]]] = {}
        """Whom a server takes us for, if not for its administrator; without groups it holds us to its RBAC."""
        self.connected: list[str] = []
        """Every connection that was opened, in order."""

    def add(self, name: str, server: str = "", **data: str) -> Client:
        """Another cluster with its Secret; a client that may do everything there."""
        server = server or f"https://{name}.example"
        made = EmbeddedCluster(clock=self._world.clock, rng=self._world.rng.fork(name))
        self._world.run(made.start())
        self._others[server] = made
        self._world.run(self._world.client.create(SECRETS, cluster_secret(name, server, **data)))
        return verbs(made.client("system:world", ("system:masters",)))

    def values(self, server: str, namespace: str = "default") -> dict[str, str]:
        """Of the ConfigMaps there that a person made, by name."""
        cluster = self._others[server]
        kind = cluster.catalog.of(CONFIG_MAPS)
        assert kind is not None
        found = ours(entry.obj for key, entry in cluster.core.table(kind).entries.items() if key.namespace == namespace)
        return {obj["metadata"]["name"]: obj["data"]["value"] for obj in found}

    def here(self, user: str) -> Client:
        return self._acting_as(self._world.cluster, user)

    @asynccontextmanager
    async def connect(self, cluster: Cluster) -> AsyncIterator[Access]:
        if cluster.server in self.down or cluster.server not in self._others:
            raise Unreachable(f"{cluster.server}: connection refused")
        self.connected.append(cluster.server)
        other = self._others[cluster.server]
        user, groups = self.users.get(cluster.server, ("system:argosy", ("system:masters",)))
        client = verbs(other.client(user, groups)) if groups else self._acting_as(other, user)
        yield ClientAccess(_Away(client, lambda: cluster.server in self.down), self._as_somebody(other))

    def close(self) -> None:
        for other in self._others.values():
            self._world.run(other.stop())

    def _as_somebody(self, cluster: EmbeddedCluster) -> Callable[[str], Client]:
        return lambda user: self._acting_as(cluster, user)

    def _acting_as(self, cluster: EmbeddedCluster, user: str) -> Client:
        if (rbac := self._rights.get(id(cluster))) is None:
            rbac = self._rights[id(cluster)] = Rbac()
            rbac.load(cluster.reader)
            cluster.core.stored.update(role_hooks(cluster.store, rbac))
        return verbs(cluster.client(user, with_implied(user, ()), _authorizer(rbac)))


class _Away(WrappingClient):
    """Asked by name for what it serves, a server that is down does not answer; watches hang, as they do."""

    def __init__(self, inner: Client, is_down: Callable[[], bool]) -> None:
        super().__init__(inner)
        self._is_down = is_down

    async def served(self, *, fresh: bool = False) -> Served:
        if self._is_down():
            raise Unreachable("connection refused")
        return await super().served(fresh=fresh)


def _authorizer(rbac: Rbac) -> Callable[[ApiRequest], None]:
    def authorize(request: ApiRequest) -> None:
        resource = request.kind.resource
        place = (resource.group, resource.plural, request.subresource, request.namespace, request.name)
        require(rbac, request.user, Attributes(request.verb, *place))

    return authorize


def cluster_secret(name: str, server: str, **data: str) -> JsonObject:
    values = {"name": name, "server": server, **data}
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
    metadata = {"name": f"cluster-{name}", "namespace": "argocd", "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}
