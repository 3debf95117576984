"""Publishes the paths of webhook receivers, of ProjectConfigs and of the ClusterConfig.

Owns the status of both. Reads the Secrets that receivers name: a path is made of the project, the receiver's name and
the Secret's value, so it changes with them. Source: spec/kargo-api.md 7, spec/kargo.md 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.machinery.controller import Controller, Decision, Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.promotion.conditions import Conditions
from argosy.promotion.credentials.matching import decoded
from argosy.promotion.kinds import CLUSTER_CONFIGS, PROJECT_CONFIGS, SECRETS
from argosy.promotion.names import REFRESH
from argosy.promotion.settings import Settings
from argosy.promotion.status_patch import status
from argosy.promotion.webhooks.receivers import kind_of, path_of, secret_key


@dataclass(frozen=True, slots=True)
class Seen:
    kind: Resource
    config: JsonObject
    receivers: tuple[JsonObject, ...]
    error: str
    base_url: str


def project_configs(settings: Settings) -> Controller[Seen]:
    return _controller(
        "project-config-controller", PROJECT_CONFIGS, settings, lambda config: config["metadata"]["namespace"]
    )


def cluster_configs(settings: Settings) -> Controller[Seen]:
    return _controller("cluster-config-controller", CLUSTER_CONFIGS, settings, lambda _: settings.system_namespace)


def _controller(
    name: str, kind: Resource, settings: Settings, namespace: Callable[[JsonObject], str]
) -> Controller[Seen]:
    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        config = snapshot.object(kind, key)
        if config is None or config["metadata"].get("deletionTimestamp"):
            return None
        project = config["metadata"].get("namespace") or ""
        receivers, error = _published(snapshot, config, namespace(config), project, settings.webhook_base_url)
        return Seen(kind, config, tuple(receivers), error, settings.webhook_base_url)

    return Controller(name=name, kind=kind, look=look, decide=decide, manager="kargo")


def _published(
    snapshot: Snapshot, config: JsonObject, namespace: str, project: str, base_url: str
) -> tuple[list[JsonObject], str]:
    found: list[JsonObject] = []
    errors: list[str] = []
    for receiver in (config.get("spec") or {}).get("webhookReceivers") or ():
        kind = kind_of(receiver)
        if not kind:
            errors.append(_told(receiver, "error getting receiver factory: no matching registration found"))
            continue
        name = ((receiver[kind] or {}).get("secretRef") or {}).get("name") or ""
        secret = snapshot.object(SECRETS, Key(namespace, name))
        value = decoded(secret).get(secret_key(kind)) if secret else None
        if secret is None:
            errors.append(
                _told(receiver, f'error getting Secret "{name}" in namespace "{namespace}": secrets "{name}" not found')
            )
        elif not value:
            told = f'Secret "{name}" in namespace "{namespace}" has no value for key "{secret_key(kind)}"'
            errors.append(_told(receiver, told))
        else:
            path = path_of(base_url, kind, project, receiver["name"], value)
            found.append({"name": receiver["name"], "path": path, "url": _url(base_url, path)})
    if len(errors) > 1:
        return found, f"[{', '.join(errors)}]"
    return found, "".join(errors)


def _told(receiver: JsonObject, error: str) -> str:
    return f'error syncing WebhookReceiver "{receiver.get("name")}": {error}'


def _url(base_url: str, path: str) -> str:
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{path}" if rest else path


def decide(seen: Seen, now: datetime) -> Decision:
    present: Mapping[str, Any] = seen.config.get("status") or {}
    generation = int(seen.config["metadata"].get("generation") or 0)
    conditions = Conditions(present.get("conditions") or (), generation, now)
    wanted: JsonObject = {**present, "webhookReceivers": list(seen.receivers) or None}
    if seen.error:
        conditions.set("Reconciling", "True", "SyncingWebhooks", "Syncing WebhookReceivers")
        conditions.set("Ready", "False", "SyncWebhookReceiversFailed", f"Failed to sync WebhookReceivers: {seen.error}")
    else:
        kind = "ProjectConfig" if seen.kind is PROJECT_CONFIGS else "ClusterConfig"
        conditions.set("Ready", "True", "Synced", f"{kind} is synced and ready for use")
        conditions.remove("Reconciling")
        wanted["observedGeneration"] = generation
    if token := (seen.config["metadata"].get("annotations") or {}).get(REFRESH):
        wanted["lastHandledRefresh"] = token
    return Decision(status(seen.kind, seen.config, {**wanted, "conditions": conditions.ordered()}))
