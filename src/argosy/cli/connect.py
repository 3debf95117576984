"""Selects the API server that a command talks to, and formats its errors for a terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from argosy.cli.client_flags import given
from argosy.cli.failing import CommandError, Exit
from argosy.cli.place import Place
from argosy.machinery.status import StatusError
from argosy.observe.secret import Secret
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.connection import Connection, ConnectionSettingsError, Trust
from argosy.runtime.http.credentials import CredentialError, basic, bearer
from argosy.runtime.http.exchange import Unreachable
from argosy.runtime.http.kubeconfig import default_paths, load_kubeconfig

Work = Callable[[HttpClient, Clock], Awaitable[int]]


def kubeconfigs(options: argparse.Namespace) -> tuple[Path, ...]:
    """`--kubeconfig`; else that of the instance running in the data directory; else kubectl's."""
    if options.kubeconfig is not None:
        return (options.kubeconfig,)
    place = Place(options.data_dir)
    if place.running() or options.data_dir is not None:
        return (place.kubeconfig,)
    return default_paths()


def page_address(options: argparse.Namespace) -> str:
    """Of the instance whose kubeconfig is used; empty for any other cluster."""
    place = Place(getattr(options, "data_dir", None))
    return place.server if kubeconfigs(options) == (place.kubeconfig,) else ""


def chosen_server(options: argparse.Namespace) -> str:
    """`--server` or `--argocd-context`, else $ARGOSY_SERVER unless a kubeconfig is named; "" for a kubeconfig.

    The variable is ignored by commands without `--server`, such as those about private keys.
    """
    if given(options, "core"):
        return ""
    named = given(options, "server") or given(options, "argocd_context")
    if (
        named
        or not hasattr(options, "server")
        or getattr(options, "kubeconfig", None) is not None
        or given(options, "context")
    ):
        return named
    return os.environ.get("ARGOSY_SERVER", "")


def chosen_token(options: argparse.Namespace) -> str:
    return str(getattr(options, "auth_token", "") or os.environ.get("ARGOSY_AUTH_TOKEN", ""))


def with_client(options: argparse.Namespace, work: Work) -> int:
    """Runs `work`; an error or no answer from the server becomes exit code 20 and one line."""

    async def run() -> int:
        clock = RealClock()
        async with connected(options, clock) as client:
            return await work(client, clock)

    try:
        return asyncio.run(run())
    except StatusError as error:
        raise CommandError(error.message, Exit.CALL_FAILED) from None
    except (Unreachable, CredentialError) as error:
        raise CommandError(f"{error}; 'argosy up' starts an API server", Exit.CALL_FAILED) from None


@asynccontextmanager
async def connected(options: argparse.Namespace, clock: Clock) -> AsyncIterator[HttpClient]:
    """Connects to the signed-in server if one is selected, else by a kubeconfig. Raises CommandError."""
    try:
        if server := chosen_server(options):
            from argosy.cli.login.server import KUBERNETES, chosen, connection_to

            connection = connection_to(await chosen(server, options, clock), KUBERNETES)
        else:
            connection = by_kubeconfig(options, clock)
    except ConnectionSettingsError as error:
        raise CommandError(f"{error}; 'argosy up' makes one", Exit.CALL_FAILED) from None
    async with HttpClient(connection, clock, SystemRng(), user_agent="argosy-cli") as client:
        yield client


def by_kubeconfig(options: argparse.Namespace, clock: Clock) -> Connection:
    """The kubeconfig's connection, with what kubectl's own flags replace in it. Raises ConnectionSettingsError."""
    cluster, user = given(options, "kube_cluster"), given(options, "kube_user")
    found = load_kubeconfig(kubeconfigs(options), clock, context=options.context, cluster=cluster, user=user)
    if token := given(options, "kube_token"):
        found = replace(found, credential=bearer(token))
    elif name := given(options, "kube_username"):
        found = replace(found, credential=basic(name, given(options, "kube_password")))
    if proxy := given(options, "kube_proxy"):
        found = replace(found, proxy=Secret(proxy))
    if given(options, "kube_insecure"):
        found = replace(found, trust=Trust(server_name=found.trust.server_name, insecure=True))
    return found
