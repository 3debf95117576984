"""Kargo's API over a world of promotion: requests go to its router, without a socket, in virtual time.

with PromotionWorld(tmp_path) as world, KargoApi(world) as api:
    api.sign_in()
    status, body = api.call("GET", "/v1beta1/projects")
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from argosy.cluster.http.exchange import Chunks, Request, Response
from argosy.runtime.events import EventRecorder
from argosy.server import kargo
from argosy.server.audit import Audit
from argosy.server.calls import Route, nothing
from argosy.server.configuration import Configuration
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.schema.facts import methods
from argosy.server.sessions.authentication import Authentication
from argosy.server.sessions.passwords import Passwords
from argosy.server.sessions.provider import Provider
from argosy.server.sessions.shared import SharedSessions
from argosy.server.sessions.store import ConfigMapStore
from tests.kit.promotion import PromotionWorld
from tests.kit.verbs import verbs

PASSWORD = "admin"
ENVIRON = {
    "ADMIN_ACCOUNT_ENABLED": "true",
    "ADMIN_ACCOUNT_PASSWORD_HASH": "$2b$04$knOJvrqxO3tY4AMtCZ9U6OwPXlxXHogid57n9BlumfX3XbSzkeJTa",
    "ADMIN_ACCOUNT_TOKEN_SIGNING_KEY": "a key of the tests alone",
    "EXTERNAL_WEBHOOK_SERVER_BASE_URL": "http://webhooks.example.com",
}


@dataclass
class Lines:
    """What the audit writes."""

    text: str = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None: ...


class KargoApi:
    def __init__(self, world: PromotionWorld, environ: Mapping[str, str] | None = None) -> None:
        self.world, self.environ = world, {**ENVIRON, **(environ or {})}
        self.token = ""
        self.audit = Lines()
        self._closing: asyncio.Event
        self._life: asyncio.Task[None]

    def __enter__(self) -> Self:
        self.world.run(self._begin())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.world.run(self._end())

    def sign_in(self, password: str = PASSWORD) -> None:
        status, body = self.call("POST", "/v1beta1/login", token=password)
        assert status == 200, body
        self.token = body["idToken"]

    def call(
        self, method: str, target: str, body: Any = None, *, token: str | None = None, peer: str = "10.0.0.1"
    ) -> tuple[int, Any]:
        response = self.send(method, target, body, token=token, peer=peer)
        assert isinstance(response.body, bytes), "a stream: use `events`"
        return response.status, json.loads(response.body) if response.body else ""

    def send(
        self, method: str, target: str, body: Any = None, *, token: str | None = None, peer: str = "10.0.0.1"
    ) -> Response:
        data = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        token = self.token if token is None else token
        headers = {"authorization": [f"Bearer {token}"]} if token else {}
        request = Request(method=method, target=target, headers=headers, body=data, peer=peer)
        path, _, query = target.partition("?")

        async def answered() -> Response:
            return await self._page(request, path, query)

        return self.world.run(answered())

    def events(self, target: str, *, count: int, token: str | None = None) -> list[str]:
        """The first events of a stream, then it is closed."""
        response = self.send("GET", target, token=token)
        assert response.content_type == "text/event-stream", response
        return self.world.run(_first(cast(Chunks, response.body), count))

    async def _begin(self) -> None:
        opened, self._closing = asyncio.Event(), asyncio.Event()
        self._life = asyncio.get_running_loop().create_task(self._live(opened), name="kargo api")
        self._life.add_done_callback(lambda _: opened.set())
        await opened.wait()
        if self._life.done():
            self._life.result()

    async def _end(self) -> None:
        self._closing.set()
        await self._life

    async def _live(self, opened: asyncio.Event) -> None:
        world, rng = self.world, self.world.rng.fork("kargo api")
        configuration = Configuration(world.caches, "argocd")
        await configuration.wait_synced()
        client = verbs(world.cluster.client("system:argosy-server", ("system:masters",)))
        own = verbs(world.cluster.client("system:serviceaccount:kargo:kargo-api", ("system:masters",)))
        shared = SharedSessions(ConfigMapStore(client, configuration, world.clock), world.clock)
        authentication = Authentication(configuration, shared, world.clock, rng, None)
        events = EventRecorder(client, world.clock, "kargo-api")
        absent = cast(Any, None)  # of Argo CD's API
        ground = ServerContext(
            client=client,
            control_plane=own,
            caches=world.caches,
            clock=world.clock,
            rng=rng,
            namespace="argocd",
            configuration=configuration,
            events=events,
            authentication=authentication,
            passwords=Passwords(shared, world.clock, rng, noise=(0.0, 0.0)),
            shared=shared,
            outside=cast(Any, _Outside(world)),
            environ=self.environ,
            gitops=absent,
            lua=absent,
            generators=absent,
            pod_logs=absent,
            pod_shells=absent,
        )
        async with asyncio.TaskGroup() as tasks:
            audit = Audit(world.clock, rng.uuid, cast(Any, self.audit))
            route = Route(needs=nothing(), unary=cast(Any, _nobody), stream=cast(Any, _nobody))
            everything = dict.fromkeys(methods(), route)
            dispatcher = Dispatcher(everything, authentication, configuration, world.clock, audit, tasks)
            self.router = kargo.router(ground, dispatcher, lambda: Provider(configuration, world.clock))
            self._page = self.router.page()
            telling = tasks.create_task(events.run())
            opened.set()
            await self._closing.wait()
            telling.cancel()


class _Outside:
    def __init__(self, world: PromotionWorld) -> None:
        self.egress = world._egress


async def _nobody(*_: object) -> Any:
    raise AssertionError("Argo CD's API is not in this world")


async def _first(chunks: Chunks, count: int) -> list[str]:
    found: list[str] = []
    try:
        async for chunk in chunks:
            found.append(chunk.decode())
            if len(found) >= count:
                break
    finally:
        await chunks.aclose()
    return found
