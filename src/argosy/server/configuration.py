"""The administrators' settings in ConfigMaps and Secrets, read from caches; derived values are recomputed on change.

argocd-cm, argocd-rbac-cm, argocd-cmd-params-cm and argocd-secret in the control plane's namespace. Nothing is read
only at the start: a changed setting applies to the next request, and open streams stay open.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informer import Caches
from argosy.server.permissions.enforcement import Enforcer

CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
PROJECTS: Final = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
SETTINGS, RBAC, PARAMETERS = "argocd-cm", "argocd-rbac-cm", "argocd-cmd-params-cm"
SECRET: Final = "argocd-secret"  # noqa: S105  # its name
DEFAULT_SESSION_SECONDS: Final = 86_400
NOTHING: Final[Mapping[str, str]] = {}


class Configuration:
    """`on_change`: called when a setting, an account or a project's roles have changed."""

    def __init__(self, caches: Caches, namespace: str) -> None:
        self.namespace = namespace
        self._config = caches.cache(CONFIG_MAPS, namespace=namespace)
        self._secrets = caches.cache(SECRETS, namespace=namespace)
        self.projects = caches.cache(PROJECTS)
        self._enforcer: Enforcer | None = None
        self._secret: Mapping[str, str] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._config.on_change(self._heard)
        self._secrets.on_change(self._heard)
        self.projects.on_change(self._heard_project)

    async def wait_synced(self) -> None:
        for cache in (self._config, self._secrets, self.projects):
            await cache.wait_synced()

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def config_map(self, name: str) -> Mapping[str, str]:
        """The same object until it changes, so that derived values can be cached by identity."""
        found: Mapping[str, str] = (self._config.get(Key(self.namespace, name)) or {}).get("data") or NOTHING
        return found

    def config_object(self, name: str) -> JsonObject | None:
        return self._config.get(Key(self.namespace, name))

    def secret_object(self, name: str) -> JsonObject | None:
        return self._secrets.get(Key(self.namespace, name))

    def secrets(self) -> list[JsonObject]:
        return list(self._secrets.list(self.namespace))

    @property
    def settings(self) -> Mapping[str, str]:
        return self.config_map(SETTINGS)

    @property
    def parameters(self) -> Mapping[str, str]:
        return self.config_map(PARAMETERS)

    @property
    def secret(self) -> Mapping[str, str]:
        """argocd-secret, decoded."""
        if self._secret is None:
            self._secret = decoded(self.secret_object(SECRET) or {})
        return self._secret

    @property
    def enforcer(self) -> Enforcer:
        if self._enforcer is None:
            self._enforcer = Enforcer(self.config_map(RBAC), self.project)
        return self._enforcer

    @property
    def scopes(self) -> tuple[str, ...]:
        """Claims with the user's groups."""
        return _scopes(self.config_map(RBAC).get("scopes") or "[groups]")

    def project(self, name: str) -> JsonObject | None:
        return self.projects.get(Key(self.namespace, name))

    @property
    def url(self) -> str:
        return self.settings.get("url", "").rstrip("/")

    @property
    def own_urls(self) -> tuple[str, ...]:
        """Addresses at which browsers reach this server: `url` and `additionalUrls`."""
        return (*((self.url,) if self.url else ()), *_listed(self.settings.get("additionalUrls", "")))

    @property
    def anonymous(self) -> bool:
        return self.settings.get("users.anonymous.enabled") == "true"

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A setting in argocd-cm."""
        text = self.settings.get(key)
        return default if not text else text == "true"

    def resolve(self, text: str) -> str:
        """Resolves `$key` or `$secret:key` to a Secret's value; anything else is literal."""
        if not text.startswith("$"):
            return text
        name, _, key = text[1:].rpartition(":")
        if name:
            found = self.secret_object(name) or {}
            return decoded(found).get(key, "").strip() or text
        return self.secret.get(key, "").strip() or text

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        metadata = (new or old or {}).get("metadata") or {}
        if metadata.get("namespace") != self.namespace:
            return
        if metadata.get("name") == RBAC:
            self._enforcer = None
        self._secret = None
        self._tell()

    def _heard_project(self, old: JsonObject | None, new: JsonObject | None) -> None:
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def decoded(secret: JsonObject) -> dict[str, str]:
    """Values that are not base64 or not text are omitted."""
    found = {}
    for key, value in (secret.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError, TypeError):
            continue
    return found


@lru_cache(maxsize=16)
def _scopes(text: str) -> tuple[str, ...]:
    import yaml

    try:
        found: Any = yaml.load(text, Loader=yaml.CSafeLoader)  # the safe loader, in C
    except yaml.YAMLError:
        return ("groups",)
    return tuple(str(item) for item in found) if isinstance(found, list) else (str(found),)


@lru_cache(maxsize=16)
def _listed(text: str) -> tuple[str, ...]:
    """The strings in a YAML list; empty if it is not a list."""
    import yaml

    try:
        found: Any = yaml.load(text, Loader=yaml.CSafeLoader) if text else None  # the safe loader, in C
    except yaml.YAMLError:
        return ()
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()
