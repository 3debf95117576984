"""`argosy controller`: the same controllers against any API server, one replica at work and the others waiting.

The replica at work holds a Lease; who loses it stops writing at once (runtime.fencing) and the process ends, to be
started again by whoever runs it. That is the shape every API server supports: nothing but leases, lists and watches.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import tempfile
from pathlib import Path

from argosy.cli.failing import CommandError, Exit
from argosy.cli.installing import control_plane_objects, install
from argosy.cli.outside import Outside
from argosy.cli.process import MANAGER, ControlPlane
from argosy.cli.up import stop_on_signals, until_stopped
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.observe.logs import set_up_logging
from argosy.runtime.access import fenced
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient, Unreachable
from argosy.runtime.http.connection import Connection, ConnectionSettingsError
from argosy.runtime.http.credentials import CredentialError
from argosy.runtime.http.kubeconfig import default_paths, in_cluster, load_kubeconfig
from argosy.runtime.leases import LeaseHolder
from argosy.runtime.supervisor import Supervisor

LEASE = "argosy-controller"


def run(options: argparse.Namespace) -> int:
    set_up_logging(style=options.log_format, level=options.log_level)
    with tempfile.TemporaryDirectory(prefix="argosy-") as temporary:
        try:
            return asyncio.run(_run(options, options.cache_dir or Path(temporary)))
        except StatusError as error:
            raise CommandError(error.message, Exit.CALL_FAILED) from None
        except (Unreachable, CredentialError) as error:
            raise CommandError(str(error), Exit.CALL_FAILED) from None


async def _run(options: argparse.Namespace, cache_directory: Path) -> int:
    stop, won, lost = stop_on_signals(), asyncio.Event(), asyncio.Event()
    clock, rng = RealClock(), SystemRng()
    async with HttpClient(_connection(options, clock), clock, rng, user_agent="argosy-controller") as http:
        version = await http.version()
        if options.install:
            await install(http, control_plane_objects(options.namespace), MANAGER)
        lease = LeaseHolder(
            http,
            clock,
            rng,
            key=Key(options.namespace, LEASE),
            identity=f"{socket.gethostname()}_{os.getpid()}",
            on_change=lambda held: (won if held else lost).set(),
        )
        async with Supervisor(clock, rng) as holding:
            holding.add("lease", lease.run)
            print(f"Connected to Kubernetes {version.get('gitVersion')}; waiting for the lease {LEASE}.", flush=True)
            if not await until_stopped(stop, won.wait()):
                return Exit.OK
            outside = Outside(
                cache_directory=cache_directory,
                own_machine=False,
                namespace=options.namespace,
                fence=lambda: lease.is_valid,
            )
            plane = ControlPlane(fenced(http, lambda: lease.is_valid), clock, rng, outside)
            try:
                async with Supervisor(clock, rng) as working:
                    plane.run_in(working)
                    print("The controllers are at work.", flush=True)
                    stopped = not await until_stopped(stop, lost.wait())
            finally:
                await plane.close()
        if stopped:
            await lease.release()
            return Exit.OK
    raise CommandError(f"the lease {LEASE} was lost to another replica", Exit.CALL_FAILED)


def _connection(options: argparse.Namespace, clock: Clock) -> Connection:
    try:
        if options.kubeconfig is None and "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
            return in_cluster(clock)
        paths = (options.kubeconfig,) if options.kubeconfig else default_paths()
        return load_kubeconfig(paths, clock, context=options.context)
    except ConnectionSettingsError as error:
        raise CommandError(str(error), Exit.CALL_FAILED) from None
