"""Resolves a destination: our own cluster, or one described by a cluster Secret (spec 1.1, 12). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from argosy.apis.argoproj.application import Destination
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import IN_CLUSTER, annotations_of, labels_of
from argosy.machinery.objects import JsonObject
from argosy.observe.secret import Secret
from argosy.sources.credentials import decoded

LOCAL_NAME = "in-cluster"
AUTO_LABEL = "argocd.argoproj.io/auto-label-cluster-info"
VERSION_LABEL = "argocd.argoproj.io/kubernetes-version"


class InvalidDestination(Exception):
    """The text of the InvalidSpecError condition."""


@dataclass(frozen=True, slots=True)
class Cluster:
    server: str
    name: str
    namespaces: tuple[str, ...] = ()
    """The only namespaces that may be used; empty means all."""
    cluster_resources: bool = True
    """Whether cluster-scoped objects may be used; only relevant with `namespaces`."""
    project: str = ""
    """The project that the cluster belongs to, if any."""
    shard: int | None = None
    config: Secret = field(default=Secret(""), repr=False)
    """JSON: how to connect and as whom."""
    refreshed: str = ""
    """`argocd.argoproj.io/refresh`: a new value requests that everything is read again."""
    secret: str = field(default="", compare=False)
    """The Secret's name."""
    version_label: str | None = field(default=None, compare=False)
    """The version in the Secret's label, if the Secret asks for that label."""
    labels: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The Secret's resourceVersion."""


class ClusterBook:
    """All cluster Secrets, by server and by name. If two Secrets have one server, the first by name counts."""

    def __init__(self, secrets: Iterable[JsonObject] = ()) -> None:
        self.by_server: dict[str, Cluster] = {}
        self._by_name: dict[str, list[Cluster]] = {}
        for secret in sorted(secrets, key=lambda item: str(item["metadata"]["name"])):
            found = cluster_of(secret)
            if found.server and found.server not in self.by_server:
                self.by_server[found.server] = found
                self._by_name.setdefault(found.name, []).append(found)

        self.servers = tuple(sorted({IN_CLUSTER, *self.by_server}))

    def named(self, name: str) -> list[Cluster]:
        return self._by_name.get(name, [])

    def local(self) -> Cluster:
        """The control plane's own cluster; needs no Secret, but may have one."""
        return self.by_server.get(IN_CLUSTER) or Cluster(IN_CLUSTER, LOCAL_NAME)

    def of_project(self, name: str) -> list[Cluster]:
        return [cluster for cluster in self.by_server.values() if cluster.project == name]


def cluster_of(secret: JsonObject) -> Cluster:
    """An invalid field counts as absent; `config` is parsed when connecting."""
    data, labels = decoded(secret), labels_of(secret)
    server = data.get("server", "").strip().rstrip("/")
    namespaces = tuple(word for item in data.get("namespaces", "").split(",") if (word := item.strip()))
    shard = data.get("shard", "").strip()
    return Cluster(
        server=server,
        name=data.get("name", "").strip() or server,
        namespaces=namespaces,
        cluster_resources=not namespaces or data.get("clusterResources", "").strip() == "true",
        project=data.get("project", "").strip(),
        shard=int(shard) if shard.isdecimal() else None,
        config=Secret(data.get("config", "")),
        refreshed=annotations_of(secret).get("argocd.argoproj.io/refresh") or "",
        secret=str(secret["metadata"]["name"]),
        version_label=labels.get(VERSION_LABEL) or "" if labels.get(AUTO_LABEL) == "true" else None,
        labels=labels,
    )


def resolve(destination: Destination, settings: Settings, book: ClusterBook) -> Cluster:
    """Raises InvalidDestination (spec 1.1)."""
    server, name = destination.server.rstrip("/"), destination.name
    if server and name:
        raise InvalidDestination(f"application destination can't have both name and server defined: {name} {server}")
    if not server and not name:
        raise InvalidDestination("Destination server missing from app spec")
    local = book.local()
    if settings.in_cluster_enabled and (server == IN_CLUSTER or name == local.name):
        return local
    return _named(name, book) if name else _served(server, book)


def _named(name: str, book: ClusterBook) -> Cluster:
    found = [cluster for cluster in book.named(name) if cluster.server != IN_CLUSTER]
    if len(found) > 1:
        servers = " ".join(sorted(cluster.server for cluster in found))
        raise InvalidDestination(
            f"unable to find destination server: there are {len(found)} clusters with the same name: [{servers}]"
        )
    if not found:
        raise InvalidDestination(f"unable to find destination server: there are no clusters with this name: {name}")
    return found[0]


def _served(server: str, book: ClusterBook) -> Cluster:
    found = book.by_server.get(server)
    if found is None or server == IN_CLUSTER:
        text = f'error getting cluster by server "{server}": rpc error: code = NotFound desc ='
        raise InvalidDestination(f'{text} cluster "{server}" not found')
    return found
