"""Assembles a rehearsal: a complete control plane on copies, with a virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from argosy.cli.apiserver import ApiServer, api_server
from argosy.cli.assembly.installing import control_plane_objects
from argosy.cli.outside import Outside
from argosy.cli.place import HOST
from argosy.cli.process import ControlPlane
from argosy.cli.rehearse.answering import Answering
from argosy.cli.rehearse.clusters import RehearsedClusters
from argosy.cli.rooms.certs_admission import attach
from argosy.cli.rooms.promotion_service import Admission, promotion_objects, promotion_service
from argosy.cli.rooms.sealing_service import sealing_service, service_objects
from argosy.machinery.objects import JsonObject
from argosy.rehearse.notes import Notes
from argosy.rehearse.repositories import Repositories
from argosy.rehearse.sandbox import Sandbox
from argosy.rehearse.scenario import Scenario
from argosy.rehearse.simulated.images import SimulatedRegistry
from argosy.rehearse.simulated.pull_requests import Forge
from argosy.rehearse.simulated.receivers import Receivers
from argosy.runtime.chance import Rng
from argosy.runtime.clients.access import ClientAccess
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.virtual import VirtualClock
from argosy.sources.egress import Egress, EgressPolicy

PORT: Final = 6443
"""The address in the cluster's own objects; nothing listens there."""


@asynccontextmanager
async def opened(
    directory: Path,
    clock: VirtualClock,
    rng: Rng,
    *,
    objects: Sequence[JsonObject],
    scenario: Scenario,
    repositories: Mapping[str, Path],
    namespace: str = "argocd",
) -> AsyncIterator[Sandbox]:
    """Runs until the block exits. `directory`: private, for copies and caches. Only reading requests leave it."""
    policy = EgressPolicy(allow_loopback=True, read_only=True)
    notes, egress = Notes(clock.now), Egress(policy)
    copies = Repositories(directory / "repositories", clock, policy, repositories)
    registry, receivers, forge = SimulatedRegistry(egress, clock), Receivers(notes), Forge(copies)
    clusters = RehearsedClusters(clock, rng.fork("clusters"))
    answering = Answering(
        scenario=scenario, registry=registry, receivers=receivers, notes=notes, clock=clock, rng=rng.fork("outside")
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(lambda: clock.external(egress.close()))
        api = await stack.enter_async_context(_api(directory, clock, rng, receivers, namespace))
        prometheus = api.front.settings.prometheus
        assert prometheus is not None
        outside = Outside(
            cache_directory=directory / "cache",
            own_machine=True,
            namespace=namespace,
            instead_of=copies.instead_of,
            pulls=forge.of,
            read_only=True,
            audits_caches=False,
            connect=clusters.connect,
            shaped=answering.shaped(prometheus),
        )
        plane = ControlPlane(ClientAccess(api.client, api.front.acting_as), clock, rng, outside)
        stack.push_async_callback(plane.close)
        api.cluster.service_handlers.add_service(*sealing_service(), "", partial(plane.rooms.answer, "sealing"))
        attach(api.cluster, api.front.rbac)
        asked = Admission(api.client, clock, rng.fork("admission"), namespace)
        api.cluster.service_handlers.add_service(*promotion_service(namespace), "", asked)
        await stack.enter_async_context(clusters.running(api.cluster, objects, plane, answering.shaped))
        api.cluster.on_commit(clusters.hears(""))
        supervisor = Supervisor(clock, rng)
        plane.run_in(supervisor)
        await stack.enter_async_context(supervisor)
        while not plane.is_ready():
            await clock.sleep(0.01)
        yield Sandbox(
            client=api.client,
            clusters=clusters,
            clock=clock,
            repositories=copies,
            registry=registry,
            forge=forge,
            notes=notes,
            listen=clusters.listen,
        )


@asynccontextmanager
async def _api(
    directory: Path, clock: VirtualClock, rng: Rng, receivers: Receivers, namespace: str
) -> AsyncIterator[ApiServer]:
    made = [*control_plane_objects(namespace), *service_objects(), *promotion_objects(namespace)]
    async with api_server(directory, HOST, PORT, clock, rng, objects=made, is_kept=False, caller=receivers) as api:
        yield api
