"""Builds the room `certs`, at the first Issuer, Certificate or request."""

from __future__ import annotations

from argosy import certs
from argosy.certs.adapters.crypto import Crypto
from argosy.certs.adapters.outside import Outside
from argosy.certs.metrics import Metrics
from argosy.certs.settings import SettingError, settings_of
from argosy.cli.failing import CommandError
from argosy.cli.rooms.loading import Context, Parts
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.webhooks.server import Answer
from argosy.sources.egress import EgressPolicy


def build(context: Context) -> Parts:
    """Raises CommandError for an invalid setting."""
    try:
        settings = settings_of(context.environ)
    except SettingError as error:
        raise CommandError(str(error)) from None
    crypto = Crypto(context.clock, context.rng)
    policy = EgressPolicy(allow_loopback=context.doors.own_machine)
    controllers = certs.controllers(settings)
    names = [one.name for one in controllers]
    metrics = Metrics(lambda kind: context.caches.cache(kind).list(), names, context.clock)
    outside = Outside(context.doors.egress, policy, context.client, context.clock, context.rng, metrics.acme)
    return Parts(
        controllers=controllers,
        answerers=certs.answerers(crypto, outside),
        close=crypto.close,
    )


def reviewer(client: Client, clock: Clock, rng: Rng, namespace: str) -> Answer:
    """The handler of the admission webhook on a real cluster."""
    from argosy.certs.admission.webhook import Reviewer, asking_server

    return Reviewer(client, clock, asking_server(client)).answer
