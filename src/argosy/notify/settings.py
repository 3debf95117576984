"""How the room is set up: namespaces, names of the ConfigMap and Secret, self-service.

Source: spec/notifications.md D1; the environment's names are the peer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from argosy.machinery.selectors import LabelSelector, SelectorError, parse_labels
from argosy.notify.configuration import EVERYTHING

_PREFIX: Final = "ARGOCD_NOTIFICATION_CONTROLLER_"
_YES: Final = frozenset({"true", "1", "t", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    namespace: str = "argocd"
    config_map: str = "argocd-notifications-cm"
    secret: str = "argocd-notifications-secret"  # noqa: S105
    self_service: bool = False
    """Whether a namespace's own ConfigMap counts, too."""
    selector: LabelSelector = EVERYTHING


def settings_of(environ: Mapping[str, str], namespace: str) -> NotifySettings:
    """Raises ValueError that names the variable."""
    try:
        selector = parse_labels(environ.get(f"{_PREFIX}APP_LABEL_SELECTOR", ""))
    except SelectorError as error:
        raise ValueError(f"{_PREFIX}APP_LABEL_SELECTOR: {error}") from None
    given = NotifySettings()
    return NotifySettings(
        namespace=namespace,
        config_map=environ.get(f"{_PREFIX}CONFIG_MAP_NAME") or given.config_map,
        secret=environ.get(f"{_PREFIX}SECRET_NAME") or given.secret,
        self_service=environ.get(f"{_PREFIX}SELF_SERVICE_NOTIFICATION_ENABLED", "").lower() in _YES,
        selector=selector,
    )
