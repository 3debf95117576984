"""Runs a command's work with the controller that was chosen: of a server by a sign-in, or of a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable

from argosy.cli.connect import chosen_server, with_client
from argosy.cli.seal.controller import Controller, ProxiedController, SignedInController
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient


def with_controller(options: argparse.Namespace, work: Callable[[Controller], Awaitable[int]]) -> int:
    """Raises CommandError."""
    if chosen_server(options):
        from argosy.cli.login.server import Server, calling

        async def signed_in(server: Server) -> int:
            return await work(SignedInController(server, RealClock()))

        return calling(options, signed_in)

    async def by_kubeconfig(client: HttpClient, clock: Clock) -> int:
        return await work(ProxiedController(client, clock, options.controller_namespace, options.controller_name))

    return with_client(options, by_kubeconfig)
