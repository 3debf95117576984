"""`argosy controller`: the controllers against any API server; replicas share the work.

Each replica holds a Lease, and handles the keys that are its own by hashing over the live replicas. A replica that
cannot renew its Lease stops writing at once (runtime.fencing) and continues when it can. This needs nothing from the
API server but Leases, lists and watches.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from argosy import __version__
from argosy.cli.apiserver import MANAGER
from argosy.cli.assembly.installing import control_plane_objects, install, lacking
from argosy.cli.assembly.traces import set_up_tracing
from argosy.cli.failing import CommandError, Exit
from argosy.cli.outside import Outside
from argosy.cli.process import ControlPlane
from argosy.cli.up import THREADS, stop_on_signals
from argosy.machinery.status import StatusError
from argosy.observe.garbage import Garbage
from argosy.observe.logs import set_up_logging
from argosy.observe.process import register_process
from argosy.observe.watchdog import Watchdog, limit_of
from argosy.runtime.chance import Rng, SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clients.access import fenced
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.connection import Connection, ConnectionSettingsError
from argosy.runtime.http.credentials import CredentialError
from argosy.runtime.http.exchange import Unreachable
from argosy.runtime.http.kubeconfig import default_paths, in_cluster, load_kubeconfig
from argosy.runtime.leases import Membership
from argosy.runtime.supervisor import Supervisor

if TYPE_CHECKING:
    from argosy.cli.assembly.own_certificates import OwnCertificates
    from argosy.cli.assembly.webhooks import Webhooks
    from argosy.cli.rooms.sealing_listener import SealingListener

GROUP = "argosy-controller"


def run(options: argparse.Namespace) -> int:
    set_up_logging(style=options.log_format, level=options.log_level)
    set_up_tracing("argosy-controller")
    with tempfile.TemporaryDirectory(prefix="argosy-") as temporary:
        try:
            watchdog = Watchdog(limit_of(os.environ))
            register_process(__version__, RealClock().now().timestamp())
            with asyncio.Runner(loop_factory=watchdog.new_loop) as runner:
                return runner.run(_run(options, options.cache_dir or Path(temporary), watchdog))
        except StatusError as error:
            raise CommandError(error.message, Exit.CALL_FAILED) from None
        except (Unreachable, CredentialError) as error:
            raise CommandError(str(error), Exit.CALL_FAILED) from None


async def _run(options: argparse.Namespace, cache_directory: Path, watchdog: Watchdog) -> int:
    stop = stop_on_signals()
    clock, rng = RealClock(), SystemRng()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    async with HttpClient(connection_of(options, clock), clock, rng, user_agent="argosy-controller") as http:
        version = dict((await http.served(fresh=True)).version)
        if options.install:
            await install(http, control_plane_objects(options.namespace), MANAGER, clock, rng)
        elif lacks := await lacking(http, options.namespace):
            raise CommandError(f"the cluster has no {lacks}: --install makes what is needed", Exit.CALL_FAILED)
        replicas = Membership(
            http,
            clock,
            rng,
            namespace=options.namespace,
            group=GROUP,
            identity=f"{socket.gethostname()}-{os.getpid()}".lower(),
            on_change=lambda: plane.replicas_changed(),
        )
        outside = Outside(
            cache_directory=cache_directory,
            own_machine=options.local_repositories,
            namespace=options.namespace,
            replicas=replicas,
        )
        plane = ControlPlane(fenced(http, lambda: plane.may_write()), clock, rng, outside)
        try:
            async with Supervisor(clock, rng) as parts:
                parts.add("membership", replicas.run)
                print(f"Connected to Kubernetes {version.get('gitVersion')} as {replicas.identity}.", flush=True)
                plane.run_in(parts)
                if options.webhook_address:
                    parts.add("webhooks", _webhooks(options, http, clock, rng).run)
                    parts.add("own certificates", _own_certificates(options, http, clock, plane).run)
                if options.sealing_address:
                    parts.add("sealing endpoints", _sealing(options, plane).run)
                parts.add("garbage", lambda: Garbage().run(clock))
                print("The controllers are at work.", flush=True)
                async with _metrics(options, plane, clock):
                    with watchdog.watching():
                        await stop.wait()
        finally:
            await plane.close()
        await replicas.leave()
    return Exit.OK


@asynccontextmanager
async def _metrics(options: argparse.Namespace, plane: ControlPlane, clock: Clock) -> AsyncIterator[None]:
    if not options.metrics_address:
        yield
        return
    from argosy.cli.assembly.metrics import MetricsServer
    from argosy.runtime.webhooks.server import AddressError, address_of

    try:
        address = address_of(options.metrics_address)
        async with MetricsServer(clock, plane.is_ready).listening(address) as url:
            print(f"Metrics are at {url}/metrics.", flush=True)
            yield
    except AddressError as error:
        raise CommandError(f"--metrics-address: {error}") from None
    except OSError as error:
        raise CommandError(f"--metrics-address {options.metrics_address}: {error.strerror or error}") from None


def _sealing(options: argparse.Namespace, plane: ControlPlane) -> SealingListener:
    from argosy.cli.rooms.sealing_listener import SealingListener
    from argosy.runtime.webhooks.server import AddressError, address_of

    try:
        address = address_of(options.sealing_address)
    except AddressError as error:
        raise CommandError(f"--sealing-address: {error}") from None
    return SealingListener(partial(plane.rooms.answer, "sealing"), address)


def _webhooks(options: argparse.Namespace, client: HttpClient, clock: Clock, rng: Rng) -> Webhooks:
    from argosy.cli.assembly.webhooks import Place, Webhooks
    from argosy.runtime.webhooks.server import AddressError, address_of

    try:
        address = address_of(options.webhook_address)
    except AddressError as error:
        raise CommandError(f"--webhook-address: {error}") from None
    place = Place(address=address, namespace=options.namespace, url=options.webhook_url)
    return Webhooks(client, clock, rng.fork("webhooks"), place)


def _own_certificates(
    options: argparse.Namespace, client: Client, clock: Clock, plane: ControlPlane
) -> OwnCertificates:
    from argosy.apis.own_certificates import own_certificates
    from argosy.cli.assembly.own_certificates import OwnCertificates
    from argosy.cli.assembly.webhooks import WEBHOOKS, host_of

    host = host_of(options.webhook_url)
    objects = own_certificates(options.namespace, [one.service for one in WEBHOOKS], [host] if host else [])
    return OwnCertificates(client, clock, objects, is_ready=plane.is_ready)


def connection_of(options: argparse.Namespace, clock: Clock) -> Connection:
    try:
        if options.kubeconfig is None and "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
            return in_cluster(clock)
        paths = (options.kubeconfig,) if options.kubeconfig else default_paths()
        return load_kubeconfig(paths, clock, context=options.context)
    except ConnectionSettingsError as error:
        raise CommandError(str(error), Exit.CALL_FAILED) from None
