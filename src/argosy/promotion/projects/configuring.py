"""Publishes the paths of webhook receivers, of ProjectConfigs and of the ClusterConfig.

Owns the status of both. Reads the Secrets that receivers refer to: a path is derived from the project, the receiver's
name and the Secret's value, so it changes with them. Source: spec/kargo-api.md 7, spec/kargo.md 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from argosy.apis.kargo import ClusterConfig, ProjectConfig
from argosy.apis.kargo.receivers import WebhookReceiver
from argosy.machinery.controller import Controller, Decision, Snapshot
from argosy.machinery.objects import JsonObject, Key, resource_of
from argosy.promotion.conditions import Conditions
from argosy.promotion.credentials.matching import decoded
from argosy.promotion.kinds import SECRETS
from argosy.promotion.names import REFRESH
from argosy.promotion.settings import Settings
from argosy.promotion.status_patch import status
from argosy.promotion.webhooks.receivers import path_of, secret_key

Config = ProjectConfig | ClusterConfig


@dataclass(frozen=True, slots=True)
class Seen:
    config: Config
    receivers: tuple[JsonObject, ...]
    error: str
    base_url: str


def project_configs(settings: Settings) -> Controller[Seen]:
    return _controller("project-config-controller", ProjectConfig, settings, lambda config: config.metadata.namespace)


def cluster_configs(settings: Settings) -> Controller[Seen]:
    return _controller("cluster-config-controller", ClusterConfig, settings, lambda _: settings.system_namespace)


def _controller(
    name: str, kind: type[ProjectConfig | ClusterConfig], settings: Settings, namespace: Callable[[Config], str]
) -> Controller[Seen]:
    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        config: Config | None = snapshot.get(kind, key)
        if config is None or config.metadata.deletion_timestamp:
            return None
        receivers, error = _published(snapshot, config, namespace(config), settings.webhook_base_url)
        return Seen(config, tuple(receivers), error, settings.webhook_base_url)

    return Controller(name=name, kind=resource_of(kind), look=look, decide=decide, manager="kargo")


def _published(snapshot: Snapshot, config: Config, namespace: str, base_url: str) -> tuple[list[JsonObject], str]:
    found: list[JsonObject] = []
    errors: list[str] = []
    for receiver in config.spec.webhook_receivers:
        kind = receiver.kind
        if not kind:
            errors.append(_message(receiver, "error getting receiver factory: no matching registration found"))
            continue
        name = receiver.secret_name
        secret = snapshot.object(SECRETS, Key(namespace, name))
        value = decoded(secret).get(secret_key(kind)) if secret else None
        if secret is None:
            errors.append(
                _message(
                    receiver, f'error getting Secret "{name}" in namespace "{namespace}": secrets "{name}" not found'
                )
            )
        elif not value:
            fault = f'Secret "{name}" in namespace "{namespace}" has no value for key "{secret_key(kind)}"'
            errors.append(_message(receiver, fault))
        else:
            path = path_of(base_url, kind, config.metadata.namespace, receiver.name, value)
            found.append({"name": receiver.name, "path": path, "url": _url(base_url, path)})
    if len(errors) > 1:
        return found, f"[{', '.join(errors)}]"
    return found, "".join(errors)


def _message(receiver: WebhookReceiver, error: str) -> str:
    return f'error syncing WebhookReceiver "{receiver.name}": {error}'


def _url(base_url: str, path: str) -> str:
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{path}" if rest else path


def decide(seen: Seen, now: datetime) -> Decision:
    present, generation = seen.config.status, seen.config.metadata.generation
    conditions = Conditions(present.conditions, generation, now)
    wanted: JsonObject = {**present.raw, "webhookReceivers": list(seen.receivers) or None}
    if seen.error:
        conditions.set("Reconciling", "True", "SyncingWebhooks", "Syncing WebhookReceivers")
        conditions.set("Ready", "False", "SyncWebhookReceiversFailed", f"Failed to sync WebhookReceivers: {seen.error}")
    else:
        kind = resource_of(type(seen.config)).kind
        conditions.set("Ready", "True", "Synced", f"{kind} is synced and ready for use")
        conditions.remove("Reconciling")
        wanted["observedGeneration"] = generation
    if token := seen.config.metadata.annotations.get(REFRESH):
        wanted["lastHandledRefresh"] = token
    kind_ = resource_of(type(seen.config))
    return Decision(status(kind_, seen.config.raw, {**wanted, "conditions": conditions.ordered()}))
