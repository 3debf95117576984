"""The services that deliver: one file per type, each `async send(delivery, http)`, listed in one table.

A service's refusal is Refused, whose text the user sees; it never holds a credential or an external body.
Source: spec/notifications.md D6.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused

Send = Callable[[Delivery, Doors], Awaitable[None]]

TYPES: Final[Mapping[str, str]] = {
    "alertmanager": "alertmanager",
    "awssqs": "awssqs",
    "console": "console",
    "email": "email",
    "gcppubsub": "gcppubsub",
    "github": "github",
    "googlechat": "googlechat",
    "grafana": "grafana",
    "mattermost": "mattermost",
    "nats": "nats",
    "newrelic": "newrelic",
    "opsgenie": "opsgenie",
    "pagerduty": "pagerduty",
    "pagerdutyv2": "pagerdutyv2",
    "pushover": "pushover",
    "rocketchat": "rocketchat",
    "slack": "slack",
    "teams": "teams",
    "teams-workflows": "teams_workflows",
    "telegram": "telegram",
    "webex": "webex",
    "webhook": "webhook",
}
"""By type; the module is loaded for the first delivery of its type."""


async def send(delivery: Delivery, doors: Doors) -> None:
    """Raises Refused, or SourceError if the host cannot be reached."""
    module = TYPES.get(delivery.type)
    if module is None:
        raise Refused(f"service type '{delivery.type}' is not supported", final=True)
    found: Any = import_module(f"{__name__}.{module}")
    await found.send(delivery, doors)


__all__ = ["TYPES", "Delivery", "Doors", "Refused", "Send", "send"]
