"""An embedded cluster behind its real HTTPS front on loopback, for tests that need a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argosy.cluster.auth.authenticate import Authenticator, StaticTokens
from argosy.cluster.auth.kubeconfig import kubeconfig
from argosy.cluster.auth.rbac import Rbac
from argosy.cluster.auth.reviews import Reviews
from argosy.cluster.auth.tokens import ServiceAccountTokens, make_signing_key
from argosy.cluster.http.front import Front
from argosy.cluster.http.server import serve
from argosy.cluster.http.tls import issue_client, issue_serving, make_authority, server_context
from argosy.cluster.http.wiring import Wiring
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock

TOKEN = "admin-token-canary-4711"


@dataclass(frozen=True)
class Served:
    cluster: EmbeddedCluster
    url: str
    authority: str
    """PEM."""
    by_certificate: JsonObject
    """A kubeconfig."""
    by_token: JsonObject


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    clock, rng = RealClock(), SeededRng(1)
    async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
        verifiers = (StaticTokens({TOKEN: User("admin", ("system:masters",))}),)
        accounts = ServiceAccountTokens(make_signing_key(), cluster.reader, rng)
        rbac = Rbac()
        wiring = Wiring(
            api=cluster.api,
            kinds=cluster.catalog,
            reader=cluster.reader,
            clock=clock,
            authenticator=Authenticator(verifiers=verifiers, accounts=accounts),
            authorizer=rbac,
            reviews=Reviews(rbac, cluster.reader, accounts, verifiers),
            accounts=accounts,
        )
        authority = make_authority(clock.now())
        tls = server_context(issue_serving(authority, clock.now()), authority.certificate)
        async with serve(Front(wiring).handle, clock=clock, rng=rng, tls=tls) as server:
            certificate = issue_client(authority, clock.now(), "admin", ("system:masters",))
            yield Served(
                cluster,
                server.url,
                authority.certificate.decode(),
                kubeconfig(server.url, authority.certificate, certificate),
                kubeconfig(server.url, authority.certificate, TOKEN),
            )
