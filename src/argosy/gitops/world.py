"""What every Application's look shares: settings, projects and credentials, read from caches and rebuilt on change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.gitops.settings import CONFIG_MAP, PARAMETERS, Settings, settings_of
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.informer import Caches
from argosy.sources.credentials import KNOWN_HOSTS_CONFIG_MAP, TLS_CONFIG_MAP, TYPE_LABEL, CredentialBook, decoded

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")


class ControlPlane:
    """`changed` is called when something that concerns every Application is no longer as it was."""

    def __init__(self, caches: Caches, namespace: str, changed: Callable[[], None]) -> None:
        self.namespace = namespace
        self.applications = caches.cache(APPLICATIONS)
        self.projects = caches.cache(PROJECTS)
        self._config = caches.cache(CONFIG_MAPS)
        self._secrets = caches.cache(SECRETS)
        self._settings: Settings | None = None
        self._book: CredentialBook | None = None
        self._changed = changed
        self._config.on_change(self._heard)
        self._secrets.on_change(self._heard)

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = settings_of(self._data(CONFIG_MAP), self._data(PARAMETERS))
        return self._settings

    @property
    def credentials(self) -> CredentialBook:
        if self._book is None:
            names = (TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP)
            found = (self._config.get(Key(self.namespace, name)) for name in names)
            self._book = CredentialBook(self._secrets.list(self.namespace), [obj for obj in found if obj])
        return self._book

    def clusters(self) -> Mapping[str, str]:
        """Server by name of every cluster Secret."""
        found = {}
        for secret in self._secrets.list(self.namespace):
            if ((secret.get("metadata") or {}).get("labels") or {}).get(TYPE_LABEL) == "cluster":
                data = decoded(secret)
                found[data.get("name", "")] = data.get("server", "").rstrip("/")
        return found

    def project(self, name: str) -> JsonObject | None:
        return self.projects.get(Key(self.namespace, name))

    def projects_by_name(self) -> dict[str, JsonObject]:
        return {obj["metadata"]["name"]: obj for obj in self.projects.list(self.namespace)}

    async def wait_synced(self) -> None:
        for cache in (self._config, self._secrets, self.projects, self.applications):
            await cache.wait_synced()

    def _data(self, name: str) -> dict[str, str]:
        return (self._config.get(Key(self.namespace, name)) or {}).get("data") or {}

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        metadata = (new or old or {}).get("metadata") or {}
        if metadata.get("namespace") != self.namespace:
            return
        name, labels = metadata.get("name"), metadata.get("labels") or {}
        if name in (CONFIG_MAP, PARAMETERS):
            self._settings = None
            self._changed()
        elif name in (TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP) or TYPE_LABEL in labels:
            self._book = None
            self._changed()
