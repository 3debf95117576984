"""Metrics of destination clusters, under upstream's names. Source: spec/metrics.md E1 (port 8082)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from argosy.gitops.clusters.connections import Connections, State
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.keys import IN_CLUSTER
from argosy.observe.metrics import REGISTRY, Registry, Sample, label_name

LABELS: Final = "ARGOCD_APPLICATION_CONTROLLER_METRICS_CLUSTER_LABELS"
"""Comma-separated: which labels of cluster Secrets have a series."""


class ClusterMetrics:
    """Read at each scrape. `name_of`: a server's name. `labels_of`: the labels of its Secret."""

    def __init__(
        self,
        clusters: Connections,
        name_of: Callable[[str], str],
        labels_of: Callable[[str], Mapping[str, str]],
        environ: Mapping[str, str],
        registry: Registry = REGISTRY,
    ) -> None:
        self._clusters, self._name_of, self._labels_of = clusters, name_of, labels_of
        self._labels = [word for part in environ.get(LABELS, "").split(",") if (word := part.strip())]
        if self._labels:
            names = ("server", "name", *(label_name(label) for label in self._labels))
            registry.collected("argocd_cluster_labels", "Labels of a cluster's Secret.", names, self._label)
        server = ("server",)
        registry.collected(
            "argocd_cluster_info", "Clusters and their versions.", ("server", "k8s_version", "name"), self._info
        )
        registry.collected(
            "argocd_cluster_connection_status",
            "1 while the cluster is connected.",
            ("server", "k8s_version"),
            self._status,
        )
        registry.collected("argocd_cluster_api_resources", "Kinds that are watched.", server, self._kinds)
        registry.collected("argocd_cluster_api_resource_objects", "Objects that are known.", server, self._objects)
        registry.collected("argocd_cluster_cache_age_seconds", "0 while all is watched, -1 before.", server, self._age)
        registry.collected(
            "argocd_cluster_events_total",
            "Changes that were seen.",
            ("server", "group", "kind"),
            self._events,
            "counter",
        )

    def _all(self) -> Iterator[tuple[str, bool, LiveObjects | None]]:
        here = self._clusters.here
        yield IN_CLUSTER, True, here.live
        for server, connection in self._clusters.states().items():
            destination = connection.destination
            yield server, connection.state is State.SUCCESSFUL, destination.live if destination else None

    def _info(self) -> Iterator[Sample]:
        for server, _, live in self._all():
            yield (server, live.kube_version if live else "", self._name_of(server)), 1.0

    def _label(self) -> Iterator[Sample]:
        for server, _, _ in self._all():
            labels = self._labels_of(server)
            yield (server, self._name_of(server), *(labels.get(label, "") for label in self._labels)), 1.0

    def _status(self) -> Iterator[Sample]:
        for server, connected, live in self._all():
            yield (server, live.kube_version if live else ""), float(connected)

    def _kinds(self) -> Iterator[Sample]:
        for server, _, live in self._all():
            yield (server,), float(live.kind_count if live else 0)

    def _objects(self) -> Iterator[Sample]:
        for server, _, live in self._all():
            yield (server,), float(live.object_count if live else 0)

    def _age(self) -> Iterator[Sample]:
        for server, connected, live in self._all():
            yield (server,), 0.0 if connected and live is not None else -1.0

    def _events(self) -> Iterator[Sample]:
        for server, _, live in self._all():
            for (group, kind), count in sorted(live.change_counts.items()) if live else ():
                yield (server, group, kind), float(count)
