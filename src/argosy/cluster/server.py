"""The assembly: store, kinds, handlers, admission and the server's own controllers, as one object with a lifecycle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from argosy.cluster.admission.chain import Admission
from argosy.cluster.admission.pods import MUTATORS
from argosy.cluster.admission.policies import Policies
from argosy.cluster.admission.webhooks import Caller, WebhookAdmission
from argosy.cluster.catalog import Catalog
from argosy.cluster.crds import PLACE as DEFINITIONS
from argosy.cluster.crds import Definitions
from argosy.cluster.direct import Authorize, DirectClient
from argosy.cluster.expiry import EventExpiry
from argosy.cluster.gc import Collector, Place
from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.handlers.core import Core, StoreReader
from argosy.cluster.kind import Kind, User
from argosy.cluster.kinds import builtin_kinds
from argosy.cluster.namespaces import NamespaceController
from argosy.cluster.ports import Clock, ConnectionHandler, ProxyHandler, Rng
from argosy.cluster.quota import Quotas
from argosy.cluster.request import ApiRequest, Options
from argosy.cluster.store import Change, Journal, Store
from argosy.cluster.workqueue import Workqueue
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
WORKERS = 10
"""Workers for deletions that may wait for a webhook: of namespaces' content, and of dependents."""
SYSTEM = User("system:apiserver", ("system:masters", "system:authenticated"))
GIT_VERSION = "v1.36.1+argosy"


class ServiceHandlers:
    """The in-process backends of Services and Pods (`ports.Backends`)."""

    def __init__(self) -> None:
        self._services: dict[tuple[str, str, str], ProxyHandler] = {}
        self._pods: dict[tuple[str, str, str], ProxyHandler] = {}
        self._connections: dict[tuple[str, str, int], ConnectionHandler] = {}

    def add_service(self, namespace: str, name: str, port: str, handler: ProxyHandler) -> None:
        """`port` is a name or number; empty serves every port."""
        self._services[namespace, name, port] = handler

    def add_pod(self, namespace: str, name: str, port: str, handler: ProxyHandler) -> None:
        self._pods[namespace, name, port] = handler

    def add_connection(self, namespace: str, pod: str, port: int, handler: ConnectionHandler) -> None:
        """For `pods/portforward`; who may not read the namespace's Secrets gets no connection."""
        self._connections[namespace, pod, port] = handler

    def service(self, namespace: str, name: str, port: str) -> ProxyHandler | None:
        return self._services.get((namespace, name, port)) or self._services.get((namespace, name, ""))

    def pod(self, namespace: str, name: str, port: str) -> ProxyHandler | None:
        return self._pods.get((namespace, name, port)) or self._pods.get((namespace, name, ""))

    def connection(self, namespace: str, pod: str, port: int) -> ConnectionHandler | None:
        return self._connections.get((namespace, pod, port))


class EmbeddedCluster:
    """`start` and `stop` from one task, or `async with`. Time and randomness are passed in.

    `data_dir` None keeps everything in memory. `durability` is NORMAL (survives a crash of the process) or FULL (of the
    machine).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        rng: Rng,
        data_dir: Path | None = None,
        durability: str = "NORMAL",
        kinds: Iterable[Kind] | None = None,
        bootstrap: Iterable[JsonObject] = (),
        cluster_ca: str = "",
        webhook_caller: Caller | None = None,
        store: Store | None = None,
    ) -> None:
        self.clock, self.rng = clock, rng
        self.store = store or Store(clock.now, journal_of(data_dir, durability, rng))
        self.catalog = Catalog(builtin_kinds() if kinds is None else kinds)
        self.reader = StoreReader(self.store)
        self.admission = Admission()
        self.core = Core(
            store=self.store,
            catalog=self.catalog,
            clock=clock,
            rng=rng.fork("cluster"),
            admission=self.admission,
            reader=self.reader,
            lifetimes=rng.fork("watch lifetimes"),
        )
        self.api = RequestHandlers(self.core)
        self.service_handlers = ServiceHandlers()
        self._bootstrap = tuple(bootstrap)
        self._cluster_ca = cluster_ca
        self._tasks: asyncio.TaskGroup | None = None
        self._garbage: Workqueue[Place] = Workqueue("garbage collector", clock)
        self._going: Workqueue[str] = Workqueue("namespace controller", clock)
        self._definitions: Workqueue[str] = Workqueue("definition finalizer", clock)
        self._counted: Workqueue[str] = Workqueue("quota controller", clock)
        self.collector = Collector(self.api, self._garbage)
        self.namespaces = NamespaceController(self.api, self._going, cluster_ca)
        self.definitions = Definitions(self.api, self._definitions)
        self.expiry = EventExpiry(self.core)
        self.quotas = Quotas(self.core, self._counted)
        self.admission.mutators += [self.definitions.refuse_instances, *MUTATORS]
        self.admission.policies.append(Policies(self.store, self.catalog, clock).check)
        self.admission.checks.append(self.quotas.check)
        self.webhooks = self.admission.webhooks = WebhookAdmission(
            self.store, self.catalog, clock, self.core.rng, self.service_handlers, webhook_caller
        )
        self.core.stored["", "namespaces"] = self.namespaces.created
        self.core.stored["", "serviceaccounts"] = self.core.stored["", "configmaps"] = self.namespaces.removed
        self.core.stored[DEFINITIONS] = self.definitions.stored

    # -- lifecycle ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self.store.load()
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        parts = (self.definitions, self.collector, self.namespaces, self.quotas, self.expiry)
        for part in parts:
            part.start()
            self.store.subscribe(part.changed)
        self._tasks.create_task(self._garbage.run(self.collector.process, WORKERS))
        self._tasks.create_task(self._going.run(self.namespaces.process, WORKERS))
        self._tasks.create_task(self._definitions.run(self.definitions.process))
        self._tasks.create_task(self._counted.run(self.quotas.process))
        await self._ensure_objects()

    async def stop(self) -> None:
        """Stops controllers and watches, and closes the store; nothing acknowledged is lost."""
        self.expiry.stop()
        for queue in (self._garbage, self._going, self._definitions, self._counted):
            queue.close()
        for table in self.store.tables():
            table.closed = True
            table.wake()
        tasks, self._tasks = self._tasks, None
        if tasks is not None:
            await tasks.__aexit__(None, None, None)
        with suppress(OSError):  # a store that refused is known to be broken, and closed all the same
            # A batch may be with the worker thread: the file must not be closed under it.
            await self.store.durable()
        self.store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _ensure_objects(self) -> None:
        """The objects of a new cluster; existing objects are left alone."""
        for name in NAMESPACES:
            await self._ensure({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for obj in self._bootstrap:
            await self._ensure(obj)

    async def _ensure(self, obj: JsonObject) -> None:
        group, _, version = obj["apiVersion"].rpartition("/")
        kind = self.catalog.by_kind(group, version, obj["kind"])
        assert kind is not None, f"bootstrap object of an unknown kind: {obj['apiVersion']} {obj['kind']}"
        metadata = obj["metadata"]
        namespace = metadata.get("namespace") or ""
        if Key(namespace, metadata["name"]) in self.core.table(kind).entries:
            return
        request = ApiRequest(
            verb="create", kind=kind, user=SYSTEM, namespace=namespace, body=obj, options=Options(), user_agent="argosy"
        )
        try:
            await self.api.handle(request)
        except StatusError as error:
            if not error.is_already_exists:
                raise

    # -- access ------------------------------------------------------------------------------------------------------

    def client(
        self,
        user_name: str,
        groups: Sequence[str] = (),
        authorize: Authorize | None = None,
        *,
        bookmarks: bool = True,
    ) -> DirectClient:
        """A client that acts as `user_name`; without `authorize` it may do everything, as part of the server.

        `bookmarks` off: watches that are never resumed, as in a rehearsal of months, need none each minute.
        """
        user = User(user_name, (*groups, "system:authenticated"))
        major, minor = GIT_VERSION.lstrip("v").split(".")[:2]
        return DirectClient(
            self.api,
            user,
            {"major": major, "minor": minor, "gitVersion": GIT_VERSION, "platform": "linux/amd64"},
            authorize,
            bookmarks=bookmarks,
        )

    def on_commit(self, subscriber: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        """`subscriber` gets every batch of durable changes, in order of revisions. Returns a function to stop it."""
        return self.store.subscribe(subscriber)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that ends with the cluster; only while it runs."""
        assert self._tasks is not None, "the cluster is not started"
        return self._tasks.create_task(work)

    def resource(self, group: str, version: str, plural: str) -> Resource:
        kind = self.catalog.find(group, version, plural)
        assert kind is not None, f"{group}/{version} {plural} is not served"
        return kind.resource

    def fork(self, *, clock: Clock, rng: Rng) -> EmbeddedCluster:
        """An in-memory copy at this revision, with its own time and randomness; the two are independent afterwards."""
        store = self.store.fork(clock.now)
        copy = EmbeddedCluster(clock=clock, rng=rng, kinds=None, cluster_ca=self._cluster_ca, store=store)
        copy.definitions.take_over(self.definitions)
        return copy


def journal_of(data_dir: Path | None, durability: str, rng: Rng) -> Journal | None:
    if data_dir is None:
        return None
    from argosy.cluster.store.sqlite import SqliteJournal

    return SqliteJournal(data_dir / "cluster.db", full=durability == "FULL", identity=rng.fork("cluster").uuid())
