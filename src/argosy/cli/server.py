"""`argosy server`: Argo CD's API for a cluster, while controllers of Argosy work elsewhere.

It compares and renders what it is asked to show, and owns no Application: nothing is synced or written of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

from argosy import __version__
from argosy.cli.assembly.installing import lacking
from argosy.cli.assembly.server_part import ports_of
from argosy.cli.assembly.traces import set_up_tracing
from argosy.cli.controller import GROUP, connection_of
from argosy.cli.failing import CommandError, Exit
from argosy.cli.outside import Outside
from argosy.cli.process import ControlPlane
from argosy.cli.up import stop_on_signals
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.observe.logs import set_up_logging
from argosy.observe.process import register_process
from argosy.observe.secret import Secret
from argosy.runtime.chance import SystemRng
from argosy.runtime.clients.access import fenced
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.credentials import CredentialError
from argosy.runtime.http.exchange import Unreachable
from argosy.runtime.leases import Membership
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.webhooks.server import AddressError, address_of
from argosy.server.process import Place, serving
from argosy.server.sessions.store import SessionStore


class Onlooker(Membership):
    """Belongs to no group of replicas: it holds no Lease and is responsible for no keys."""

    def owns(self, key: Key) -> bool:
        return False

    def may_write(self) -> bool:
        return False

    @property
    def is_valid(self) -> bool:
        return False


def run(options: argparse.Namespace) -> int:
    set_up_logging(style=options.log_format, level=options.log_level)
    set_up_tracing("argosy-server")
    with tempfile.TemporaryDirectory(prefix="argosy-") as temporary:
        try:
            register_process(__version__, RealClock().now().timestamp())
            return asyncio.run(_run(options, options.cache_dir or Path(temporary)))
        except StatusError as error:
            raise CommandError(error.message, Exit.CALL_FAILED) from None
        except (Unreachable, CredentialError) as error:
            raise CommandError(str(error), Exit.CALL_FAILED) from None


async def _run(options: argparse.Namespace, cache_directory: Path) -> int:
    place = _place(options)
    stop = stop_on_signals()
    clock, rng = RealClock(), SystemRng()
    async with HttpClient(connection_of(options, clock), clock, rng, user_agent="argosy-server") as http:
        dict((await http.served(fresh=True)).version)
        if lacks := await lacking(http, options.namespace):
            raise CommandError(f"the cluster has no {lacks}: 'argosy controller --install' makes it", Exit.CALL_FAILED)
        onlooker = Onlooker(
            http,
            clock,
            rng,
            namespace=options.namespace,
            group=GROUP,
            identity=f"server-{socket.gethostname()}-{os.getpid()}".lower(),
            on_change=lambda: None,
        )
        outside = Outside(
            cache_directory=cache_directory,
            own_machine=options.local_repositories,
            namespace=options.namespace,
            replicas=onlooker,
        )
        plane = ControlPlane(fenced(http, lambda: plane.may_write()), clock, rng, outside)
        try:
            async with Supervisor(clock, rng) as parts:
                plane.run_in(parts)
                ports = ports_of(plane, http, clock, rng, options.namespace, options.audit_log)
                async with serving(replace(ports, sessions=_sessions(options, clock)), place) as running:
                    print(f"Argo CD's API is at {running.url}.", flush=True)
                    await stop.wait()
        except OSError as error:
            raise CommandError(f"--address {options.address}: {error.strerror or error}") from None
        finally:
            await plane.close()
    return Exit.OK


def _sessions(options: argparse.Namespace, clock: Clock) -> SessionStore | None:
    """Raises CommandError."""
    given = [options.redis] if options.redis else options.sentinel
    if not given:
        return None
    from argosy.server.sessions.redis_store import RedisSettings, RedisSettingsError, RedisStore

    try:
        addresses = [address_of(text) for text in given]
        settings = RedisSettings(
            servers=tuple((one.host, one.port) for one in addresses),
            master=options.sentinel_master,
            username=os.environ.get("REDIS_USERNAME", ""),
            password=Secret(os.environ.get("REDIS_PASSWORD", "")),
            sentinel_password=Secret(os.environ.get("REDIS_SENTINEL_PASSWORD", "")),
            tls=options.redis_use_tls,
            authority=options.redis_ca_certificate,
            certificate=options.redis_client_certificate,
            key=options.redis_client_key,
        )
        return RedisStore(settings, clock)
    except (AddressError, RedisSettingsError) as error:
        raise CommandError(f"--redis: {error}") from None


def _place(options: argparse.Namespace) -> Place:
    try:
        address = address_of(options.address)
    except AddressError as error:
        raise CommandError(f"--address: {error}") from None
    return Place(address=address.host, port=address.port, insecure=options.insecure)
