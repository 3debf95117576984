"""Serves the admission webhooks of all rooms to a real cluster: one HTTPS server with certificates and configurations.

The embedded server calls the rooms in process instead. To add a room, add a line to WEBHOOKS. The API server reaches
a room's paths below `/<room>`, through the room's Service, or at `url` if this process runs outside of the cluster.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from argosy.apis.certmanager import webhooks as certmanager
from argosy.cli.assembly.installing import resource_of
from argosy.cli.rooms import promotion_service
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import apply
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.webhooks import certificates
from argosy.runtime.webhooks.server import Address, Answer, Route, WebhookServer

log = logging.getLogger(__name__)

MANAGER: Final = "argosy-webhooks"
AUTHORITY: Final = "argosy-webhook-ca"
"""The Secret in the control plane's namespace."""
RETRY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`reviewer`, as `module:function`, takes (client, clock, rng, namespace) and returns the handler.

    `configurations` takes the namespace and the CA bundle; `paths` are the ones they contain.
    """

    room: str
    service: str
    reviewer: str
    configurations: Callable[[str, str], list[JsonObject]]
    paths: tuple[str, ...] = ("/mutate", "/validate")


WEBHOOKS: Final = (
    Webhook(
        room="certs",
        service=certmanager.SERVICE,
        reviewer="argosy.cli.rooms.certs:reviewer",
        configurations=certmanager.webhook_configurations,
    ),
    Webhook(
        room="promotion",
        service=promotion_service.SERVICE,
        reviewer="argosy.cli.rooms.promotion:reviewer",
        configurations=promotion_service.configurations,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the server listens, and how the API server reaches it."""

    address: Address
    namespace: str
    url: str = ""
    """`https://host:port` of this process; if empty, the rooms' Services are used."""


class Webhooks:
    """`run` runs until it is cancelled."""

    def __init__(
        self, client: Client, clock: Clock, rng: Rng, place: Place, webhooks: Sequence[Webhook] = WEBHOOKS
    ) -> None:
        self._client, self._clock, self._rng, self._place, self._webhooks = client, clock, rng, place, webhooks
        self.listens_at: Address | None = None
        self.is_configured = False

    async def run(self) -> None:
        """Listens, then registers with the API server; repeats this daily with a new certificate."""
        context = certificates.server_context()
        authority = await self._renewed(context)
        server = WebhookServer(self._routes(), self._clock)
        async with server.listening(self._place.address, context) as self.listens_at:
            while True:
                await self._configured(authority)
                await self._clock.sleep(certificates.LEAF_RENEWED.total_seconds(), background=True)
                authority = await self._renewed(context)

    async def _renewed(self, context: ssl.SSLContext) -> certificates.Authority:
        now = self._clock.now()
        while True:
            try:
                authority = await certificates.ensured(self._client, Key(self._place.namespace, AUTHORITY), now)
                break
            except (StatusError, OSError) as error:
                log.warning("the webhooks wait for Secret %s/%s: %s", self._place.namespace, AUTHORITY, error)
                await self._clock.sleep(RETRY_SECONDS, background=True)
        services = certificates.service_names((self._place.namespace, one.service) for one in self._webhooks)
        host = _host(self._place.url)
        certificates.present(context, *certificates.leaf(authority, (*services, *([host] if host else [])), now))
        return authority

    def _routes(self) -> list[Route]:
        made: list[Route] = []
        for one in self._webhooks:
            module, _, function = one.reviewer.partition(":")
            build: Callable[..., Answer] = getattr(import_module(module), function)
            answer = build(self._client, self._clock, self._rng.fork(one.room), self._place.namespace)
            made += [Route(f"/{one.room}{path}", _below(one.room, answer)) for path in one.paths]
        return made

    async def _configured(self, authority: certificates.Authority) -> None:
        for one in self._webhooks:
            for configuration in one.configurations(self._place.namespace, authority.ca_bundle):
                await self._applied(_reached(configuration, one.room, self._place.url))
        self.is_configured = True

    async def _applied(self, configuration: JsonObject) -> None:
        while True:
            try:
                await self._client.write(apply(resource_of(configuration), configuration, manager=MANAGER))
                return
            except (StatusError, OSError) as error:
                log.warning("%s waits: %s", configuration["kind"], error)
                await self._clock.sleep(RETRY_SECONDS, background=True)


def _below(room: str, answer: Answer) -> Answer:
    """Strips the room's name from the path: a room does not know it."""

    async def answered(path: str, body: bytes) -> bytes:
        return await answer(path.removeprefix(f"/{room}"), body)

    return answered


def _reached(configuration: JsonObject, room: str, url: str) -> JsonObject:
    """The configuration with the room's paths, at a Service or at `url`."""

    def reached(webhook: dict[str, Any]) -> dict[str, Any]:
        client = dict(webhook["clientConfig"])
        service = client.pop("service")
        path = f"/{room}{service['path']}"
        where = {"url": url.rstrip("/") + path} if url else {"service": {**service, "path": path}}
        return {**webhook, "clientConfig": {**client, **where}}

    return {**configuration, "webhooks": [reached(one) for one in configuration["webhooks"]]}


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""
