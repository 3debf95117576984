"""Assembles the server: settings, sign-in, services and the port. `serving` runs it until the block exits."""

from __future__ import annotations

import pkgutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TextIO

from argosy.machinery.status import StatusError
from argosy.runtime.caches.informer import Caches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.events import EventRecorder
from argosy.runtime.groups import task_group
from argosy.server import bootstrap
from argosy.server.api.applications.rows import ApplicationRows
from argosy.server.audit import Audit
from argosy.server.configuration import Configuration
from argosy.server.context import Outside, PodLogs, PodShells, ServerContext
from argosy.server.core_mode.repo_server import RepoServer
from argosy.server.dispatch import Dispatcher
from argosy.server.metrics import ServerMetrics
from argosy.server.pages import pages
from argosy.server.pages.sign_in import base_path, is_secure
from argosy.server.services import routes
from argosy.server.sessions.authentication import Authentication
from argosy.server.sessions.cookies import set_cookies
from argosy.server.sessions.passwords import Passwords
from argosy.server.sessions.shared import SharedSessions
from argosy.server.sessions.store import ConfigMapStore, SessionStore
from argosy.server.transport.certificates import Certificates
from argosy.server.transport.front import Front
from argosy.server.transport.gateway import JSON, Gateway
from argosy.server.transport.grpc import Grpc
from argosy.server.transport.grpc_web import GrpcWeb
from argosy.server.transport.http1 import header_map
from argosy.server.transport.intake import Intake
from argosy.server.transport.listener import Listener, listening
from argosy.server.webhooks.receiver import Receiver

if TYPE_CHECKING:
    from argosy.gitops.applicationsets.generation import Generators
    from argosy.gitops.controller import GitOps
    from argosy.render.lua.port import LuaEvaluator
    from argosy.server.connectors.provider import OwnIssuer
    from argosy.server.sessions.federation import Federation
    from argosy.server.sessions.provider import Provider


WITH_PROVIDERS: Final = (
    "argosy.server.sessions.provider",
    "argosy.server.pages.single_sign_on",
    "argosy.server.pages.dex",
    "argosy.server.connectors",
)
"""Loaded at the first foreign token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen. `insecure`: without TLS, behind a proxy that terminates it."""

    address: str = "127.0.0.1"
    port: int = 0
    insecure: bool = False
    socket: socket.socket | None = None
    """A socket that is already listening; it is closed at the end."""


@dataclass(frozen=True, slots=True)
class Running:
    url: str
    listener: Listener
    dispatcher: Dispatcher
    context: ServerContext
    answer_repo_server: Callable[[socket.socket], None]
    """Answers a connection to the repo-server, which clients without a server of their own ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The server's dependencies."""

    client: Client
    caches: Caches
    gitops: GitOps
    outside: Outside
    lua: LuaEvaluator
    generators: Callable[[], Generators]
    pod_logs: PodLogs
    pod_shells: PodShells
    clock: Clock
    rng: Rng
    namespace: str
    environ: Mapping[str, str]
    sessions: SessionStore | None = None
    """Storage shared by replicas; None means a ConfigMap."""
    audit: TextIO | None = None
    """Closed at the end."""
    control_plane: Client | None = None
    """As in ServerContext; None means the client."""


@asynccontextmanager
async def serving(ports: Ports, place: Place) -> AsyncIterator[Running]:
    """Raises StatusError if its own objects cannot be stored, OSError if the port is not available."""
    rng = ports.rng.fork("server")
    configuration = Configuration(ports.caches, ports.namespace)
    await bootstrap.ensure(ports.client, ports.namespace, ports.clock, rng)
    await configuration.wait_synced()
    await _seen(configuration, ports.clock)
    store = ports.sessions or ConfigMapStore(ports.client, configuration, ports.clock)
    shared = SharedSessions(store, ports.clock)
    provider = LazyProvider(configuration, shared, ports.clock, rng)
    authentication = Authentication(configuration, shared, ports.clock, rng, provider.verified)
    metrics = ServerMetrics()
    authentication.federation = provider.federation
    context = _context(ports, configuration, authentication, shared, metrics, rng, secure=not place.insecure)
    authentication.written = lambda name, value: set_cookies(
        value, base_path(context), secure=is_secure(context), name=name
    )
    async with AsyncExitStack() as stack, task_group() as tasks:
        if ports.audit is not None:
            stack.enter_context(ports.audit)
        audit = Audit(ports.clock, rng.uuid, ports.audit, context.activity)
        dispatcher = Dispatcher(routes(context), authentication, configuration, ports.clock, audit, tasks, metrics)
        receiver, rows = Receiver(context, metrics), ApplicationRows(context)
        front = Front(
            Gateway(dispatcher, _accepted(configuration)),
            GrpcWeb(dispatcher),
            pages(context, dispatcher, receiver, rows, provider),
            lambda: configuration.parameters.get("server.rootpath", ""),
            lambda: configuration.own_urls,
        )
        certificates = Certificates(configuration, insecure=place.insecure)
        intake = Intake()
        telling = tasks.create_task(context.events.run())
        hearing = tasks.create_task(receiver.run())
        preparing = tasks.create_task(rows.run())
        sharing = tasks.create_task(store.run())
        keeper = tasks.create_task(_keep_complete(ports, configuration, rng))
        async with listening(
            front.handle,
            Grpc(dispatcher, intake).handle,
            clock=ports.clock,
            rng=rng,
            tls=certificates.context,
            address=place.address,
            port=place.port,
            listening_socket=place.socket,
            intake=intake,
            knows=lambda request: authentication.vouches(header_map(request)),
        ) as listener:
            scheme = "http" if place.insecure else "https"
            repo_server = RepoServer(context, dispatcher)
            own = Certificates(configuration, insecure=False)
            yield Running(
                f"{scheme}://{listener.host.address}",
                listener,
                dispatcher,
                context,
                lambda connection: listener.serve(connection, repo_server.handle, own.context()),
            )
        keeper.cancel()
        sharing.cancel()
        telling.cancel()
        hearing.cancel()
        preparing.cancel()


def _context(
    ports: Ports,
    configuration: Configuration,
    authentication: Authentication,
    shared: SharedSessions,
    metrics: ServerMetrics,
    rng: Rng,
    *,
    secure: bool,
) -> ServerContext:
    return ServerContext(
        client=ports.client,
        control_plane=ports.control_plane or ports.client,
        caches=ports.caches,
        clock=ports.clock,
        rng=rng,
        namespace=ports.namespace,
        configuration=configuration,
        events=EventRecorder(ports.client, ports.clock, "argocd-server"),
        authentication=authentication,
        passwords=Passwords(shared, ports.clock, rng, told=lambda ok: metrics.signed_in(succeeded=ok)),
        shared=shared,
        gitops=ports.gitops,
        outside=ports.outside,
        lua=ports.lua,
        generators=ports.generators,
        pod_logs=ports.pod_logs,
        pod_shells=ports.pod_shells,
        environ=ports.environ,
        secure=secure,
    )


def load() -> None:
    """Imports the modules of endpoints and pages: called in a thread, so that the loop is not blocked."""
    import argosy.server

    for found in pkgutil.walk_packages(argosy.server.__path__, "argosy.server."):
        if not found.name.startswith(WITH_PROVIDERS):
            import_module(found.name)


class LazyProvider:
    """Loads the verification code at the first foreign token."""

    def __init__(self, configuration: Configuration, shared: SharedSessions, clock: Clock, rng: Rng) -> None:
        self._configuration, self._shared, self._clock, self._rng = configuration, shared, clock, rng
        self._made: Provider | None = None
        self._federation: Federation | None = None

    def get(self) -> Provider:
        if self._made is None:
            from argosy.server.connectors.provider import OwnProvider
            from argosy.server.sessions.provider import Provider

            own = OwnProvider(self.own(), self._configuration)
            self._made = Provider(self._configuration, self._clock, own=own)
        return self._made

    def own(self) -> OwnIssuer:
        """The provider at `/api/dex`."""
        from argosy.server.connectors.provider import OwnIssuer

        return OwnIssuer(self._configuration, self._shared, self._clock, self._rng)

    def federation(self) -> Federation:
        if self._federation is None:
            from argosy.server.sessions.federation import Federation

            self._federation = Federation(self, self._clock)
        return self._federation

    async def verified(self, token: str) -> dict[str, Any]:
        """Raises InvalidToken."""
        return await self.get().verified(token)


def _accepted(configuration: Configuration) -> frozenset[str]:
    """Content types of changing requests; a browser's form can send none of them."""
    text = configuration.parameters.get("server.api.content.types", "")
    return frozenset(word for item in text.split(";") if (word := item.strip())) or frozenset({JSON})


async def _seen(configuration: Configuration, clock: Clock) -> None:
    """Waits until the cache shows what was just written."""
    while not configuration.secret.get("server.secretkey"):
        await clock.sleep(0.01)


async def _keep_complete(ports: Ports, configuration: Configuration, rng: Rng) -> None:
    """Restores the server's keys if somebody replaced argocd-secret without them."""
    while True:
        await ports.clock.sleep(2.0, background=True)
        if not configuration.secret.get("server.secretkey") or not configuration.secret.get("admin.password"):
            try:
                await bootstrap.ensure(ports.client, ports.namespace, ports.clock, rng)
            except StatusError:
                continue
