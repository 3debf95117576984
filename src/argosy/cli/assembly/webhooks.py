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
from argosy.apis.own_certificates import WEBHOOKS_SECRET
from argosy.cli.assembly.installing import resource_of
from argosy.cli.rooms import promotion_service
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Get, apply
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
LOOKS_EACH_SECONDS: Final = 60.0


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
        self,
        client: Client,
        clock: Clock,
        rng: Rng,
        place: Place,
        webhooks: Sequence[Webhook] = WEBHOOKS,
        *,
        looks_each_seconds: float = LOOKS_EACH_SECONDS,
    ) -> None:
        """`looks_each_seconds`: how soon a certificate that the room has renewed is shown."""
        self._client, self._clock, self._rng, self._place, self._webhooks = client, clock, rng, place, webhooks
        self._looks_each_seconds = looks_each_seconds
        self.listens_at: Address | None = None
        self.is_configured = False

    async def run(self) -> None:
        """Listens, then registers with the API server; again with each new certificate.

        The room's certificate is shown once it is there, and never waited for: while nobody serves a webhook that must
        be asked, no room can issue anything. Until then, and whenever it is lost, one of our own authority is shown.
        Both CAs are published before their certificates are served, so replicas may switch one by one.
        """
        context = certificates.server_context()
        own = await self._authority()
        self._show(context, own, None)
        server = WebhookServer(self._routes(), self._clock)
        async with server.listening(self._place.address, context) as self.listens_at:
            told: tuple[object, ...] = ()
            due = self._clock.now() + certificates.LEAF_RENEWED
            while True:
                if self._clock.now() >= due:
                    own, told = await self._authority(), ()
                    due = self._clock.now() + certificates.LEAF_RENEWED
                of_room = await self._of_room()
                if told != (own, of_room):
                    await self._configured(certificates.bundle(own, of_room))
                    self._show(context, own, of_room)
                    told, self.is_configured = (own, of_room), True
                await self._clock.sleep(self._looks_each_seconds, background=True)

    def _show(self, context: ssl.SSLContext, own: certificates.Authority, of_room: certificates.Serving | None) -> None:
        if of_room is not None:
            certificates.present(context, of_room.certificate, of_room.key)
        else:
            certificates.present(context, *certificates.leaf(own, self._names(), self._clock.now()))

    async def _of_room(self) -> certificates.Serving | None:
        """None for one that is not there, not valid now, or for other names."""
        try:
            secret = await self._client.get(Get(certificates.SECRETS, Key(self._place.namespace, WEBHOOKS_SECRET)))
        except (StatusError, OSError):
            return None
        return certificates.serving_of(secret, self._names(), self._clock.now())

    async def _authority(self) -> certificates.Authority:
        place = Key(self._place.namespace, AUTHORITY)
        while True:
            try:
                return await certificates.ensured(self._client, place, self._clock.now())
            except (StatusError, OSError) as error:
                log.warning("the webhooks wait for Secret %s: %s", place, error)
                await self._clock.sleep(RETRY_SECONDS, background=True)

    def _names(self) -> tuple[str, ...]:
        services = certificates.service_names((self._place.namespace, one.service) for one in self._webhooks)
        host = host_of(self._place.url)
        return (*services, *([host] if host else []))

    def _routes(self) -> list[Route]:
        made: list[Route] = []
        for one in self._webhooks:
            module, _, function = one.reviewer.partition(":")
            build: Callable[..., Answer] = getattr(import_module(module), function)
            answer = build(self._client, self._clock, self._rng.fork(one.room), self._place.namespace)
            made += [Route(f"/{one.room}{path}", _below(one.room, answer)) for path in one.paths]
        return made

    async def _configured(self, ca_bundle: str) -> None:
        for one in self._webhooks:
            for configuration in one.configurations(self._place.namespace, ca_bundle):
                await self._applied(_reached(configuration, one.room, self._place.url))

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


def host_of(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""
