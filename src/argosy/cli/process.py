"""The assembly: which parts a process is made of, and how they are wired. The only file that knows all rooms.

`control_plane` are the controllers over any client. `embedded` is an API server with simulated workloads and the same
controllers, in one process.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from argosy.apis.kubernetes import known
from argosy.apis.own_certificates import own_certificates
from argosy.cli.apiserver import ApiServer, api_server, listening
from argosy.cli.assembly.core_mode import REPO_SERVER, create_when_ready
from argosy.cli.assembly.installing import control_plane_objects
from argosy.cli.assembly.own_certificates import OwnCertificates
from argosy.cli.assembly.server_part import ServerOptions, ServerPart, ports_of
from argosy.cli.assembly.strips import STRIPS
from argosy.cli.outside import Charts, Clusters, Doors, Fetcher, Git, Outside, Signatures
from argosy.cli.rooms.certs_admission import attach
from argosy.cli.rooms.loading import Context, Rooms
from argosy.cli.rooms.promotion_service import Admission, promotion_objects, promotion_service
from argosy.cli.rooms.sealing_service import sealing_service, service_objects
from argosy.cluster.http.exchange import Chunks
from argosy.cluster.http.server import HttpServer
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.cluster.server import EmbeddedCluster
from argosy.gitops import GitOps
from argosy.gitops.clusters.metrics import ClusterMetrics
from argosy.gitops.keys import IN_CLUSTER
from argosy.gitops.metrics import ApplicationMetrics
from argosy.gitops.projects.permissions import permits_source
from argosy.render.assembly import RenderWorkers
from argosy.render.cache import pause_of
from argosy.render.jq.evaluator import JqWorkers
from argosy.render.lua.evaluator import LuaWorkers
from argosy.render.metrics import register_cache, register_workers
from argosy.render.workers.process import limits_of
from argosy.runtime.caches.audit import CacheAudit
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clients.access import Access, ClientAccess
from argosy.runtime.clients.clientset_metrics import CountedTurns
from argosy.runtime.clients.counting import counting
from argosy.runtime.clients.request_metrics import RequestMetrics
from argosy.runtime.clock import Clock
from argosy.runtime.slices import Slices
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.workqueue.metrics import register_queues
from argosy.runtime.workqueue.queue import WorkQueue
from argosy.sources.port import Credentials


class ControlPlane:
    """The controllers, wired; `run_in` adds them to a supervisor."""

    def __init__(self, access: Access, clock: Clock, rng: Rng, outside: Outside) -> None:
        client = access.client
        self._client, self._clock, self._rng = client, clock, rng
        self._namespace = outside.namespace
        self._replicas, self._audits_caches = outside.replicas, outside.audits_caches
        self._was_ready = False
        self.caches = InformerCaches(client, clock, rng, strips=STRIPS)
        self.doors = Doors(outside, clock, self._credentials, self._permitted, self._named, self._parameters)
        slices = Slices(clock)
        self.renderer = RenderWorkers(
            clock,
            rng,
            fetcher=Fetcher(self.doors),
            limits=limits_of(os.environ),
            pause=pause_of(os.environ),
            slices=slices,
        )
        self.lua = LuaWorkers(clock)
        self.jq = JqWorkers(clock)
        context = Context(
            client=CountedTurns(client, OF_ROLLOUTS),
            caches=self.caches,
            clock=clock,
            rng=rng.fork("rooms"),
            doors=self.doors,
            renderer=self.renderer,
            jq=self.jq,
            environ=os.environ,
            namespace=outside.namespace,
        )
        owns = (lambda controller, key: replicas.owns(key)) if (replicas := outside.replicas) is not None else None
        self.rooms = Rooms(context, is_ready=self.is_ready, owns=owns, shaped=outside.shaped)
        self.gitops = GitOps(
            counting(access, IN_CLUSTER, self._requested, RequestMetrics(clock)),
            self.caches,
            self.renderer,
            Git(self.doors),
            Charts(self.doors),
            clock,
            rng,
            known,
            outside.namespace,
            writer=lambda: self.doors.writer,
            lua=self.lua,
            jq=self.jq,
            workers=outside.workers,
            connect=outside.connect or Clusters(clock, rng, self.may_write, self._requested),
            replicas=outside.replicas,
            signatures=Signatures(self.doors),
            slices=slices,
        )
        self._metrics = self._measured()

    def generators(self) -> Any:
        """Of ApplicationSets, for who asks without a controller; loads template engines."""
        from argosy.cli.rooms.applicationsets import generators
        from argosy.gitops.applicationsets import Generators

        made: Generators = generators(
            self._client,
            self.caches,
            Git(self.doors),
            self.doors,
            self._clock,
            self._rng.fork("asked sets"),
            self._namespace,
        )
        return made

    def _measured(self) -> ApplicationMetrics:
        gitops = self.gitops
        ClusterMetrics(gitops.clusters, gitops.cluster_lookup.name_of, gitops.cluster_lookup.labels_of, os.environ)
        found = ApplicationMetrics(gitops.plane.applications, gitops.owns, gitops.cluster_lookup.server_of, os.environ)
        gitops.passes.observe = found.reconciled
        register_queues(self._queues)
        register_cache(lambda: self.renderer.counters)
        register_workers(lambda: self.renderer.processes)
        return found

    def _queues(self) -> Iterator[tuple[str, WorkQueue]]:
        """The Application controller's under the name that dashboards ask for."""
        yield "app_reconciliation_queue", self.gitops.queue
        yield from self.rooms.queues()

    def _requested(self, *what: Any) -> None:
        self._metrics.requested(*what)

    def run_in(self, supervisor: Supervisor) -> None:
        supervisor.add("caches", self.caches.run)
        if self._audits_caches:
            supervisor.add("cache audit", CacheAudit(self._client, lambda: self.caches.all, self._clock).run)
        supervisor.add("gitops", self.gitops.run)
        supervisor.add("rooms", self.rooms.run)
        supervisor.draining["gitops"] = self.gitops  # so that stopping waits for passes that have begun

    def may_write(self) -> bool:
        """Whether this replica is alive for the others, and the key that this task works on, if any, is still its."""
        return self._replicas is None or self._replicas.may_write()

    def replicas_changed(self) -> None:
        """Keys moved between replicas."""
        self.gitops.replicas_changed()
        self.rooms.wake_all()

    def is_ready(self) -> bool:
        """Every cache is filled, and the default project is there; a kind that is watched later changes nothing."""
        if not self._was_ready:
            filled = all(cache.synced for cache in self.caches.all)
            self._was_ready = filled and self.gitops.plane.project("default") is not None
        return self._was_ready

    async def close(self) -> None:
        self.renderer.close()
        self.lua.close()
        self.jq.close()
        self.rooms.close()
        await self.doors.close()

    def _credentials(self, url: str, project: str) -> Credentials:
        return self.gitops.plane.credentials.credentials(url, project)

    def _named(self, name: str, project: str) -> str:
        return self.gitops.plane.credentials.url_of(name, project)

    def _parameters(self) -> Mapping[str, str]:
        return self.gitops.plane.parameters

    def _permitted(self, url: str, project: str) -> bool:
        found = self.gitops.plane.effective(project)
        return found is not None and permits_source(found, url)


OF_ROLLOUTS: Final = frozenset({"rollout", "experiment", "rollout-service", "rollout-destination-rule", "analysis"})
"""Controllers whose requests Argo Rollouts' metrics count."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """One running process: `client` may do everything."""

    cluster: EmbeddedCluster
    client: Client
    server: HttpServer
    control_plane: ControlPlane
    api: ServerPart | None = None
    prometheus: Callable[[ProxyRequest], Awaitable[ProxyResponse]] | None = None
    """Answers Prometheus' API about simulated traffic."""

    async def wait_ready(self, clock: Clock) -> None:
        while not self.control_plane.is_ready():
            await clock.sleep(0.01)

    def warm_up(self) -> None:
        self.control_plane.doors.open()


def own_client(api: ApiServer) -> Client:
    """Under a name by which admission knows the control plane: who it acts for, it says itself."""
    return api.cluster.client("system:serviceaccount:argocd:argosy-server", ("system:masters",))


@asynccontextmanager
async def embedded(
    data_dir: Path,
    host: str,
    port: int,
    clock: Clock,
    rng: Rng,
    *,
    metrics: Callable[[], bytes | Chunks] | None = None,
    server_options: ServerOptions | None = None,
) -> AsyncIterator[Embedded]:
    """Runs until the block is left. `port` must be known before, because the cluster's own objects contain it.

    `server_options`: where Argo CD's API is served; None: nowhere.
    """
    ready: list[Callable[[], bool]] = []
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            api_server(
                data_dir,
                host,
                port,
                clock,
                rng,
                objects=[
                    *control_plane_objects("argocd"),
                    *service_objects(),
                    *promotion_objects("argocd", has_certificates=server_options is not None),
                ],
                checks={"controllers": lambda: all(is_ready() for is_ready in ready)},
                metrics=metrics,
            )
        )
        outside = Outside(cache_directory=data_dir / "cache", own_machine=True)
        plane = ControlPlane(ClientAccess(api.client, api.front.acting_as), clock, rng, outside)
        ready.append(plane.is_ready)
        api.cluster.service_handlers.add_service(*sealing_service(), "", partial(plane.rooms.answer, "sealing"))
        attach(api.cluster, api.front.rbac)
        asked = Admission(api.client, clock, rng.fork("admission"), "argocd")
        api.cluster.service_handlers.add_service(*promotion_service("argocd"), "", asked)
        stack.push_async_callback(plane.close)
        server = await stack.enter_async_context(listening(api, data_dir, clock))
        supervisor = Supervisor(clock, rng)
        plane.run_in(supervisor)
        part = None
        if server_options is not None:
            part = ServerPart(data_dir, server_options, plane.is_ready, clock)
            part.open()
            stack.callback(part.close)
            _add_server(part, api, plane, data_dir / "audit.log", supervisor, clock, rng)
        await stack.enter_async_context(supervisor)
        yield Embedded(api.cluster, api.client, server, plane, part, api.front.settings.prometheus)


def _add_server(
    part: ServerPart, api: ApiServer, plane: ControlPlane, audit: Path, supervisor: Supervisor, clock: Clock, rng: Rng
) -> None:
    """Adds Argo CD's API, the certificates that it shows, and the answers of a repo-server."""
    api.cluster.service_handlers.add_connection("argocd", *REPO_SERVER, part.answer_repo_server)
    supervisor.add("argocd --core", partial(create_when_ready, api.client, "argocd", plane.is_ready, clock))
    services = [promotion_service("argocd")[1]]
    own = OwnCertificates(api.client, clock, own_certificates("argocd", services), is_ready=plane.is_ready)
    supervisor.add("own certificates", own.run)
    ports = partial(
        ports_of,
        plane,
        api.client,
        clock,
        rng,
        "argocd",
        audit,
        logs=api.workloads.logs,
        own=own_client(api),
        inside=api.workloads.pod_runtime,
    )
    supervisor.add("server", partial(part.run, ports, api.client, rng))
