"""Shared by all Applications' looks: settings, projects and credentials, read from caches and rebuilt on change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.project import AppProject, AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import ClusterBook
from argosy.gitops.control_plane.plugins import LABEL as PLUGIN_LABEL
from argosy.gitops.control_plane.plugins import documents_of
from argosy.gitops.control_plane.settings import CONFIG_MAP, PARAMETERS, Settings, settings_of
from argosy.gitops.control_plane.well_formed import WellFormed
from argosy.gitops.keys import APPLICATIONS, PROJECTS, labels_of
from argosy.gitops.model import shapes
from argosy.gitops.model.shapes import wrong_field
from argosy.gitops.projects import permissions as projects
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informer import Caches
from argosy.sources.credentials import KNOWN_HOSTS_CONFIG_MAP, TLS_CONFIG_MAP, TYPE_LABEL, CredentialBook
from argosy.sources.signatures import KEYS_CONFIG_MAP

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")


BY_PROJECT = "gitops/project"


class ControlPlane:
    """`changed` is called when something that concerns every Application has changed."""

    def __init__(self, caches: Caches, namespace: str, changed: Callable[[], None]) -> None:
        self.namespace = namespace
        self.applications = WellFormed(caches.cache(APPLICATIONS), lambda app: wrong_field(app, shapes.APPLICATION))
        self.projects = WellFormed(caches.cache(PROJECTS), lambda project: wrong_field(project, shapes.PROJECT))
        self._config = caches.cache(CONFIG_MAPS, namespace=namespace)
        self._secrets = caches.cache(SECRETS, namespace=namespace)
        self._settings: Settings | None = None
        self._book: CredentialBook | None = None
        self._cluster_book: ClusterBook | None = None
        self._effective: dict[str, AppProjectSpec] = {}
        self._plugins: tuple[JsonObject, ...] | None = None
        self._changed = changed
        self.applications.add_index(BY_PROJECT, lambda app: (project_of(app),))
        self._config.on_change(self._on_change)
        self._secrets.on_change(self._on_change)
        self.projects.on_change(lambda old, new: self._effective.clear())

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = settings_of(self._data(CONFIG_MAP), self._data(PARAMETERS))
        return self._settings

    def config_metadata(self) -> JsonObject:
        """The `argocd-cm` object, on which events about settings are emitted."""
        found = self._config.get(Key(self.namespace, CONFIG_MAP)) or {}
        return found.get("metadata") or {"name": CONFIG_MAP, "namespace": self.namespace}

    @property
    def credentials(self) -> CredentialBook:
        if self._book is None:
            names = (TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP)
            found = (self._config.get(Key(self.namespace, name)) for name in names)
            self._book = CredentialBook(self._secrets.list(self.namespace), [obj for obj in found if obj])
        return self._book

    @property
    def cluster_book(self) -> ClusterBook:
        if self._cluster_book is None:
            secrets = self._secrets.list(self.namespace)
            self._cluster_book = ClusterBook(secret for secret in secrets if _type_of(secret) == "cluster")
        return self._cluster_book

    def cluster_secret(self, name: str) -> JsonObject | None:
        """The Secret of a cluster, by the Secret's name."""
        return self._secrets.get(Key(self.namespace, name))

    @property
    def parameters(self) -> Mapping[str, str]:
        """The data of argocd-cmd-params-cm."""
        return self._data(PARAMETERS)

    @property
    def signing_keys(self) -> Mapping[str, str]:
        """Known signing keys: armoured keys by id."""
        return self._data(KEYS_CONFIG_MAP)

    @property
    def plugins(self) -> tuple[JsonObject, ...]:
        """The operator's ConfigManagementPlugin documents; an invalid one has its error in place."""
        if self._plugins is None:
            found = (obj for obj in self._config.list(self.namespace) if PLUGIN_LABEL in labels_of(obj))
            ordered = sorted(found, key=lambda obj: str(obj["metadata"]["name"]))
            self._plugins = tuple(document for obj in ordered for document in documents_of(obj))
        return self._plugins

    def project(self, name: str) -> AppProject | None:
        found = self.projects.get(Key(self.namespace, name))
        return None if found is None else read(AppProject, found)

    def effective(self, name: str) -> AppProjectSpec | None:
        """The project's spec with everything that it inherits; None if there is no such project."""
        if (known := self._effective.get(name)) is not None:
            return known
        if (project := self.project(name)) is None:
            return None
        found = projects.effective(project, self.projects_by_name(), self.settings)
        repositories = [item.url for item in self.credentials.repositories if item.project == name]
        made = projects.with_scoped(found, self.cluster_book.of_project(name), repositories)
        self._effective[name] = made
        return made

    def users_of(self, project: str) -> Sequence[JsonObject]:
        """The Applications of the project."""
        return self.applications.by_index(BY_PROJECT, project)

    def projects_by_name(self) -> dict[str, AppProject]:
        return {obj["metadata"]["name"]: read(AppProject, obj) for obj in self.projects.list(self.namespace)}

    async def wait_synced(self) -> None:
        for cache in (self._config, self._secrets, self.projects, self.applications):
            await cache.wait_synced()

    def _data(self, name: str) -> dict[str, str]:
        found = (self._config.get(Key(self.namespace, name)) or {}).get("data")
        return found if isinstance(found, dict) else {}

    def _on_change(self, old: JsonObject | None, new: JsonObject | None) -> None:
        metadata = (new or old or {}).get("metadata") or {}
        if metadata.get("namespace") != self.namespace:
            return
        name, kinds = metadata.get("name"), {_type_of(obj) for obj in (old, new) if obj}
        labels = {**labels_of(old or {}), **labels_of(new or {})}
        if name in (CONFIG_MAP, PARAMETERS):
            self._settings = None
            self._effective.clear()
            self._changed()
        elif name in (TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP) or any(kinds):
            self._book = self._cluster_book = None
            self._effective.clear()
            self._changed()
        elif PLUGIN_LABEL in labels:
            self._plugins = None
            self._changed()
        elif name == KEYS_CONFIG_MAP:
            self._changed()


def project_of(app: JsonObject) -> str:
    """The name of an Application's project."""
    return read(Application, app).spec.project or "default"


def _type_of(secret: JsonObject) -> str:
    return labels_of(secret).get(TYPE_LABEL, "")
