"""Builds the room `promotion`, at the first object of one of its kinds.

Its admission is a separate entry point, loaded by the first write of such an object, which precedes the room.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from argosy.cli.rooms.loading import Context, Parts
from argosy.cli.rooms.promotion_settings import settings
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.promotion import controllers
from argosy.promotion.admission.handling import handler
from argosy.promotion.admission.reading import LiveReading
from argosy.promotion.admission.review import Reviewer
from argosy.promotion.applications import NAMESPACE
from argosy.promotion.settings import Settings
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

CONTROL_PLANE_USERS: Final = "CONTROLPLANE_USER_REGEX"
"""The users that count as the control plane: by default the ServiceAccounts in its namespace."""
LISTEN: Final = "EXTERNAL_WEBHOOK_SERVER_LISTEN"
"""`host:port` of the webhook receiver; none by default."""


def build(context: Context) -> Parts:
    from argosy.promotion.answering import answering

    found, doors = settings(context.environ), context.doors
    adapters = answering(
        found,
        context.clock,
        context.rng.fork("promotion"),
        doors.cache_directory / "promotion",
        doors.git,
        doors.egress,
        context.renderer,
        allow_local=doors.own_machine,
        instead_of=doors.instead_of,
        pulls=doors.pulls,
    )
    return Parts(
        controllers=controllers(found),
        answerers=adapters.answerers,
        close=adapters.close,
        serve=_background(context, found),
    )


def _background(context: Context, found: Settings) -> Callable[[], Coroutine[Any, Any, None]]:
    """The heartbeat, and the listener if one is configured."""
    from argosy.promotion.adapters.heartbeat import Heartbeat

    listener = _listener(context, found.system_namespace)
    heartbeat = Heartbeat(
        context.client,
        context.clock,
        namespace=found.control_namespace,
        shard=found.shard,
        holder=platform.node() or "argosy",
        seconds=found.heartbeat_seconds,
    )

    async def serve() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(heartbeat.run())
            if listener is not None:
                tasks.create_task(listener())

    return serve


def _listener(context: Context, system_namespace: str) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """The receiver of webhooks, if an address is configured. Raises ValueError for an invalid address."""
    text = context.environ.get(LISTEN)
    if not text:
        return None
    from argosy.promotion.webhooks.deliveries import Receiving
    from argosy.promotion.webhooks.serving import Listener
    from argosy.runtime.webhooks.server import address_of

    address = address_of(text)
    listener = Listener(Receiving(context.client, context.clock, system_namespace))

    async def serve() -> None:
        async with listener.listening(address.host, address.port):
            while True:
                await context.clock.sleep(3600, background=True)

    return serve


def admission(
    client: Client, clock: Clock, rng: Rng, namespace: str
) -> Callable[[ProxyRequest], Awaitable[ProxyResponse]]:
    """The admission calls of the API server; `namespace` is that of the controllers' ServiceAccounts."""
    answer: Callable[[ProxyRequest], Awaitable[ProxyResponse]] = handler(_reviewer(client, clock, rng, namespace))
    return answer


def reviewer(client: Client, clock: Clock, rng: Rng, namespace: str) -> Callable[[str, bytes], Awaitable[bytes]]:
    """The handler of the admission webhook on a real cluster."""
    return _reviewer(client, clock, rng, namespace).answer


def _reviewer(client: Client, clock: Clock, rng: Rng, namespace: str) -> Reviewer:
    own = os.environ.get(CONTROL_PLANE_USERS) or rf"system:serviceaccount:{re.escape(namespace)}:.*"
    place = os.environ.get("ARGOCD_NAMESPACE") or NAMESPACE
    return Reviewer(LiveReading(client), clock, rng, control_plane=own, applications=place)
