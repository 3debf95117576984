"""The Application controller's metrics under upstream's names. Source: spec/metrics.md E1 (port 8082).

Facts about each Application are read from the cache at each scrape. Events are counted when the status shows them, so
that it does not matter which process caused them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import OperationState
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.observe.metrics import REGISTRY, Registry, Sample, label_name
from argosy.runtime.caches.informer import Cache
from argosy.sources.urls import normalise_url

RECONCILE_SECONDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
APP: Final[tuple[str, ...]] = ("namespace", "name", "project")
INFO: Final = (
    *APP, "autosync_enabled", "repo", "dest_server", "dest_namespace", "sync_status", "health_status", "operation",
)  # fmt: skip
CONDITIONS: Final = "ARGOCD_APPLICATION_CONTROLLER_METRICS_APPLICATION_CONDITIONS"
LABELS: Final = "ARGOCD_APPLICATION_CONTROLLER_METRICS_APPLICATION_LABELS"
"""Comma-separated: which types of conditions and which labels have their own series."""
REQUEST: Final = (*APP, "server", "response_code", "verb", "resource_kind", "resource_namespace", "dry_run")
_COMPLETED: Final = frozenset({"Succeeded", "Failed", "Error"})


class ApplicationMetrics:
    """`owns`: whether this replica handles an Application; each is counted by only one replica."""

    def __init__(
        self,
        cache: Cache,
        owns: Callable[[Key], bool],
        server_of: Callable[[JsonObject], str],
        environ: Mapping[str, str],
        registry: Registry = REGISTRY,
    ) -> None:
        self._cache, self._owns, self._server_of = cache, owns, server_of
        self._conditions = _listed(environ.get(CONDITIONS, ""))
        self._labels = _listed(environ.get(LABELS, ""))
        registry.collected("argocd_app_info", "What each Application is and how it is.", INFO, self._info)
        if self._conditions:
            names = (*APP, "condition")
            registry.collected("argocd_app_condition", "Conditions of an Application.", names, self._condition)
        if self._labels:
            names = (*APP, *(label_name(label) for label in self._labels))
            registry.collected("argocd_app_labels", "Labels of an Application.", names, self._label)
        orphaned = "argocd_app_orphaned_resources_count"
        registry.collected(orphaned, "Objects beside those of an Application.", APP, self._orphaned)
        self._syncs = registry.counter(
            "argocd_app_sync_total", "Operations that ended.", (*APP, "dest_server", "phase", "dry_run")
        )
        self._sync_seconds = registry.counter(
            "argocd_app_sync_duration_seconds_total", "Seconds that operations took.", (*APP, "dest_server")
        )
        self._requests = registry.counter("argocd_app_k8s_request_total", "Requests to clusters.", REQUEST)
        self._reconciles = registry.histogram(
            "argocd_app_reconcile", "Time of one look.", ("namespace", "dest_server"), RECONCILE_SECONDS
        )
        cache.on_change(self._changed)

    def reconciled(self, key: Key, seconds: float) -> None:
        app = self._cache.get(key)
        if app is not None:
            self._reconciles.observe(seconds, namespace=key.namespace, dest_server=self._server_of(app))

    def requested(
        self, server: str, verb: str, resource: Resource, namespace: str, code: str, dry_run: bool, key: Key | None
    ) -> None:
        """Requests to a cluster, for an Application or for none."""
        app = self._cache.get(key) if key is not None else None
        named = dict(zip(APP, _app(app) if app is not None else ("", "", ""), strict=True))
        self._requests.add(
            **named,
            server=server,
            response_code=code,
            verb=verb,
            resource_kind=resource.kind,
            resource_namespace=namespace,
            dry_run=_flag(dry_run),
        )

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is None:
            if old is not None:
                self._forget(old)
            return
        state, before = (read(Application, one or {}).status.operation_state for one in (new, old))
        if old is None or state.phase not in _COMPLETED or not self._owns(key_of(new)):
            return
        if (state.started_at, state.phase) != (before.started_at, before.phase):
            self._ended(new, state)

    def _ended(self, app: JsonObject, state: OperationState) -> None:
        named = {**dict(zip(APP, _app(app), strict=True)), "dest_server": self._server_of(app)}
        self._syncs.add(**named, phase=state.phase, dry_run=_flag(state.asked.dry_run))
        began, ended = _time(state.started_at), _time(state.finished_at)
        if began is not None and ended is not None:
            self._sync_seconds.add(max(0.0, (ended - began).total_seconds()), **named)

    def _forget(self, app: JsonObject) -> None:
        namespace, name, _ = _app(app)

        def kept(labels: Mapping[str, str]) -> bool:
            return (labels["namespace"], labels["name"]) != (namespace, name)

        self._syncs.forget(kept)
        self._requests.forget(kept)
        self._sync_seconds.forget(kept)

    # -- at a scrape ---------------------------------------------------------------------------------------------------

    def _applications(self) -> Iterator[JsonObject]:
        for app in self._cache.list():
            if self._owns(key_of(app)):
                yield app

    def _info(self) -> Iterator[Sample]:
        for app in self._applications():
            found = read(Application, app)
            spec, status = found.spec, found.status
            source = next(iter(spec.sources), spec.source)
            yield (
                (
                    *_app(app),
                    _flag(spec.sync_policy.is_automated),
                    normalise_url(source.repo_url if source else ""),
                    self._server_of(app),
                    spec.destination.namespace,
                    status.sync.status or "Unknown",
                    status.health.status or "Unknown",
                    _operation(app),
                ),
                1.0,
            )

    def _condition(self) -> Iterator[Sample]:
        for app in self._applications():
            found = [one.type for one in read(Application, app).status.conditions]
            for condition in self._conditions:
                if count := found.count(condition):
                    yield (*_app(app), condition), float(count)

    def _label(self) -> Iterator[Sample]:
        for app in self._applications():
            labels = read(Application, app).metadata.labels
            yield (*_app(app), *(str(labels.get(label, "")) for label in self._labels)), 1.0

    def _orphaned(self) -> Iterator[Sample]:
        for app in self._applications():
            conditions = read(Application, app).status.conditions
            found = [one for one in conditions if one.type == "OrphanedResourceWarning"]
            yield _app(app), float(_count(found[0].message)) if found else 0.0


def _app(app: JsonObject) -> tuple[str, str, str]:
    seen = read(Application, app)
    return seen.metadata.namespace, seen.metadata.name, seen.spec.project or "default"


def _operation(app: JsonObject) -> str:
    seen = read(Application, app)
    if seen.metadata.deletion_timestamp:
        return "delete"
    operation = seen.operation
    return "sync" if operation is not None and operation.sync is not None else ""


def _count(message: str) -> int:
    """Parses `Application has 3 orphaned resources`."""
    return next((int(word) for word in message.split() if word.isdecimal()), 0)


def _flag(value: object) -> str:
    return "true" if value else "false"


def _listed(text: str) -> Sequence[str]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _time(text: object) -> datetime | None:
    try:
        return timestamps.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None
