"""`argosy apiserver`: the embedded API server with simulated workloads, without Argosy's controllers.

For other controllers: upstream's own during development, an operator, a test suite.
`process.embedded` runs Argosy's controllers with the same server.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from argosy.cli.assembly.installing import control_plane_objects, install
from argosy.cli.assembly.metrics import Exposition
from argosy.cli.outside import Webhooks
from argosy.cli.place import Place, data_dir_option
from argosy.cli.up import start
from argosy.cluster.admission.webhooks import Caller
from argosy.cluster.audit import AuditFile
from argosy.cluster.auth.bootstrap import bootstrap_objects as roles
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings, serve_cluster
from argosy.cluster.http.exchange import Chunks
from argosy.cluster.http.prometheus import PrometheusApi
from argosy.cluster.http.server import HttpServer
from argosy.cluster.http.streaming.responder import serve_plainly
from argosy.cluster.kinds.bootstrap import api_services
from argosy.cluster.kinds.bootstrap import bootstrap_objects as first_objects
from argosy.cluster.kinds.registry import builtin_kinds
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

MANAGER = "argosy"
CONTROLLER_USER = "system:serviceaccount:argocd:argocd-application-controller"


def run(options: argparse.Namespace) -> int:
    objects = [] if options.no_crds else control_plane_objects("argocd")
    opened = partial(serving, objects=objects, prometheus_port=options.prometheus_port)
    return start(options, "apiserver", opened, _introduce)


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A started cluster that does not listen yet: `listening` opens its port. `client` has full access."""

    cluster: EmbeddedCluster
    client: Client
    front: ClusterFront
    workloads: Workloads


@dataclass(frozen=True, slots=True)
class Serving:
    """An API server alone, in the form of `up.Running`."""

    server: HttpServer
    client: Client

    async def wait_ready(self, clock: Clock) -> None:
        """Ready as soon as it listens."""

    def warm_up(self) -> None:
        """Nothing is loaded in the background."""


@asynccontextmanager
async def api_server(
    data_dir: Path,
    host: str,
    port: int,
    clock: Clock,
    rng: Rng,
    *,
    objects: Sequence[JsonObject] = (),
    checks: Mapping[str, Callable[[], bool]] | None = None,
    metrics: Callable[[], bytes | Chunks] | None = None,
    is_kept: bool = True,
    caller: Caller | None = None,
) -> AsyncIterator[ApiServer]:
    """Runs until the block exits. `port` must be known in advance, because the cluster's own objects name it.

    `objects` are created before any client connects; `checks` extend `/readyz`. `is_kept`: objects outlive the process.
    `caller` calls webhooks outside of this process; None means over HTTPS.
    """
    keys = Keys.load_or_make(data_dir / "pki", clock.now())
    kinds = builtin_kinds()
    webhooks = Webhooks()
    own = first_objects(host, port)
    cluster = EmbeddedCluster(
        clock=clock,
        rng=rng,
        data_dir=data_dir if is_kept else None,
        kinds=kinds,
        bootstrap=[*roles(), *own, *api_services(kinds)],
        cluster_ca=keys.authority.certificate.decode(),
        webhook_caller=caller or webhooks,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(webhooks.close)
        await stack.enter_async_context(cluster)
        client = cluster.client(CONTROLLER_USER, ("system:masters",), bookmarks=is_kept)
        await install(client, objects, MANAGER, clock, rng)
        await install(client, _addresses(own), MANAGER, clock, rng)
        workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), clock)
        workloads.observe(cluster.reader, cluster.on_commit)
        workloads.start()
        stack.callback(workloads.stop)
        prometheus = PrometheusApi(workloads.traffic.history, workloads.traffic.look, clock.now)
        audit = AuditFile(data_dir / "audit" / "audit.log")
        stack.callback(audit.close)
        settings = Settings(
            host=host,
            port=port,
            logs=workloads.logs,
            pod_runtime=workloads.pod_runtime,
            dialer=webhooks,
            prometheus=prometheus.answer,
            audit=audit,
            metrics=metrics or (lambda: Exposition(clock)),
            checks=checks or {},
        )
        front = ClusterFront(cluster, keys, settings)
        workloads.let_programs_write(front.acting_as, cluster.on_commit, cluster.spawn)
        yield ApiServer(cluster, client, front, workloads)


@asynccontextmanager
async def listening(api: ApiServer, data_dir: Path, clock: Clock) -> AsyncIterator[HttpServer]:
    """Serves over TLS until the block exits, and writes an administrator's kubeconfig to `data_dir`."""
    now = clock.now()
    async with serve_cluster(api.cluster, api.front, now) as server:
        api.front.write_kubeconfig(data_dir / "kubeconfig", server, now)
        yield server


@asynccontextmanager
async def serving(
    data_dir: Path,
    host: str,
    port: int,
    clock: Clock,
    rng: Rng,
    *,
    objects: Sequence[JsonObject],
    prometheus_port: int | None = None,
) -> AsyncIterator[Serving]:
    async with (
        api_server(data_dir, host, port, clock, rng, objects=objects) as api,
        listening(api, data_dir, clock) as server,
    ):
        answer = api.front.settings.prometheus
        async with AsyncExitStack() as stack:
            if prometheus_port is not None and answer is not None:
                await stack.enter_async_context(serve_plainly(answer, host, prometheus_port))
            yield Serving(server, api.client)


def _addresses(objects: Iterable[JsonObject]) -> list[JsonObject]:
    """Objects that name the server's address: after a restart the port may differ."""
    return [obj for obj in objects if obj["kind"] in ("Service", "Endpoints", "EndpointSlice")]


async def _introduce(running: Serving, place: Place) -> None:
    print(introduction(running.server.url, place), flush=True)


def introduction(url: str, place: Place) -> str:
    return f"""The API server is ready, with simulated workloads and without controllers of Argosy's.

  API server   {url}
  kubeconfig   {place.kubeconfig}

Stop it with Ctrl-C or 'argosy down{data_dir_option(place)}'."""
