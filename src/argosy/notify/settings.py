"""Settings of this room: namespaces, names of the ConfigMap and Secret, self-service.

Source: spec/notifications.md D1; environment variables are named as upstream's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import re2

from argosy.apis.kubernetes.views.core import ConfigMap
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.selectors import LabelSelector, SelectorError, parse_labels
from argosy.machinery.text import globs
from argosy.notify.configuration import EVERYTHING

_PREFIX: Final = "ARGOCD_NOTIFICATION_CONTROLLER_"
PARAMETERS: Final = "argocd-cmd-params-cm"
_YES: Final = frozenset({"true", "1", "t", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    namespace: str = "argocd"
    config_map: str = "argocd-notifications-cm"
    secret: str = "argocd-notifications-secret"  # noqa: S105
    self_service: bool = False
    """Whether a namespace's own ConfigMap is used, too."""
    selector: LabelSelector = EVERYTHING
    application_namespaces: tuple[str, ...] | None = None
    """Globs, and regular expressions between slashes; None means those of `argocd-cmd-params-cm`."""

    def permits(self, namespace: str, snapshot: Snapshot) -> bool:
        """Whether Applications in the namespace are handled: it is the control plane's own, or an allowed one."""
        if namespace == self.namespace:
            return True
        patterns = self.application_namespaces
        if patterns is None:
            parameters = snapshot.get(ConfigMap, Key(self.namespace, PARAMETERS))
            patterns = words(parameters.data.get("application.namespaces", "")) if parameters else ()
        return any(_matches(pattern, namespace) for pattern in patterns)


def words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _matches(pattern: str, namespace: str) -> bool:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        try:
            return re2.search(pattern[1:-1], namespace) is not None
        except re2.error:
            return False
    return globs.matches(pattern, namespace)


def settings_of(environ: Mapping[str, str], namespace: str) -> NotifySettings:
    """Raises ValueError that names the variable."""
    try:
        selector = parse_labels(environ.get(f"{_PREFIX}APP_LABEL_SELECTOR", ""))
    except SelectorError as error:
        raise ValueError(f"{_PREFIX}APP_LABEL_SELECTOR: {error}") from None
    given, namespaces = NotifySettings(), environ.get(f"{_PREFIX}APPLICATION_NAMESPACES")
    return NotifySettings(
        namespace=namespace,
        config_map=environ.get(f"{_PREFIX}CONFIG_MAP_NAME") or given.config_map,
        secret=environ.get(f"{_PREFIX}SECRET_NAME") or given.secret,
        self_service=environ.get(f"{_PREFIX}SELF_SERVICE_NOTIFICATION_ENABLED", "").lower() in _YES,
        selector=selector,
        application_namespaces=None if namespaces is None else words(namespaces),
    )
