"""Builds the room `notifications`, at the first ConfigMap that configures it."""

from __future__ import annotations

from argosy import notify
from argosy.apis.kubernetes.views.core import ConfigMap
from argosy.cli.failing import CommandError
from argosy.cli.rooms.loading import Context, Parts
from argosy.cli.rooms.notification_questions import Repositories
from argosy.machinery.objects import JsonObject, Key, resource_of
from argosy.notify.adapter import Services, answerers
from argosy.notify.metrics import Metrics, RolloutSends
from argosy.notify.settings import NotifySettings, settings_of
from argosy.notify.threads import NAME, Kept

TLS_CERTIFICATES = "argocd-tls-certs-cm"


def build(context: Context) -> Parts:
    """Raises CommandError for an invalid setting."""
    found = settings(context)
    metrics = Metrics()
    return Parts(
        controllers=notify.controllers(found, context.clock.now, context.rng.token_bytes, metrics),
        answerers={**answerers(services(context, metrics)), **Repositories(context).answerers()},
    )


def settings(context: Context) -> NotifySettings:
    """Raises CommandError."""
    try:
        return settings_of(context.environ, context.namespace)
    except ValueError as error:
        raise CommandError(str(error)) from None


def services(context: Context, metrics: Metrics, rollouts: RolloutSends | None = None) -> Services:
    config_maps = context.caches.cache(resource_of(ConfigMap))

    def certificate(host: str) -> str:
        """The operator's CA certificates for a host."""
        found = config_maps.get(Key(context.namespace, TLS_CERTIFICATES)) or {}
        return str((found.get("data") or {}).get(host) or "")

    def threads() -> JsonObject | None:
        return config_maps.get(Key(context.namespace, NAME))

    kept = Kept(context.client, threads, context.clock, context.namespace)
    return Services(lambda: context.doors.egress, context.clock, metrics, certificate, kept, rollouts)
