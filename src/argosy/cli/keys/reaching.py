"""Runs a command's work with the keys that were chosen: of a server by a sign-in, or of a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable

from argosy.cli.connect import chosen_server, with_client
from argosy.cli.keys.sealing_keys import ClustersKeys, SealingKeys, ServersKeys
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def with_sealing_keys(options: argparse.Namespace, work: Callable[[SealingKeys], Awaitable[int]]) -> int:
    """Raises CommandError."""
    if chosen_server(options):
        from argosy.cli.login.server import Server, calling

        async def signed_in(server: Server) -> int:
            return await work(ServersKeys(server))

        return calling(options, signed_in)

    async def by_kubeconfig(client: HttpClient, clock: Clock) -> int:
        return await work(ClustersKeys(client, clock, options.controller_namespace))

    return with_client(options, by_kubeconfig)
