"""Sets up the HTTP front of an EmbeddedCluster: keys, authentication, RBAC that follows the store, a server."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from argosy.cluster.audit import AuditLog, Auditor
from argosy.cluster.auth.account_secrets import AccountSecrets
from argosy.cluster.auth.aggregation import refill, role_hooks
from argosy.cluster.auth.attributes import Attributes, require
from argosy.cluster.auth.authenticate import Authenticator, StaticTokens, TokenVerifier
from argosy.cluster.auth.escalation import role_guard
from argosy.cluster.auth.impersonation import with_implied
from argosy.cluster.auth.kubeconfig import write_kubeconfig
from argosy.cluster.auth.rbac import Rbac
from argosy.cluster.auth.reviews import Asked, Reviews
from argosy.cluster.auth.tokens import ServiceAccountTokens
from argosy.cluster.direct import DirectClient
from argosy.cluster.handlers.core import Special
from argosy.cluster.http import tls
from argosy.cluster.http.exchange import Chunks
from argosy.cluster.http.front import Front
from argosy.cluster.http.keys import Keys
from argosy.cluster.http.server import HttpServer, serve
from argosy.cluster.http.trail import Trails
from argosy.cluster.http.wiring import Wiring
from argosy.cluster.kind import User
from argosy.cluster.ports import Clock, Dialer, LogSource, PodRuntime, ProxyHandler
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject

__all__ = ["ADMIN", "ClusterFront", "Keys", "Settings", "serve_cluster"]

ADMIN = ("kubernetes-admin", ("system:masters",))


@dataclass(slots=True, kw_only=True)
class Settings:
    """How a cluster is served over HTTP."""

    host: str = "127.0.0.1"
    port: int = 0
    tokens: Mapping[str, User] = field(default_factory=dict, repr=False)
    verifiers: Sequence[TokenVerifier] = ()
    """Additional sources of bearer tokens."""
    anonymous: bool = False
    server_names: Sequence[str] = ()
    logs: LogSource | None = None
    pod_runtime: PodRuntime | None = None
    dialer: Dialer | None = None
    prometheus: ProxyHandler | None = None
    metrics: Callable[[], bytes | Chunks] | None = None
    checks: Mapping[str, Callable[[], bool | str]] = field(default_factory=dict)
    """For `/readyz`, in addition to the store's own: True or an empty text means healthy, other text is the error."""
    audit: AuditLog | None = None
    """Where records of mutating calls are written; denials are counted in any case."""
    plain: bool = False
    """No TLS: for benchmarks on loopback only."""


class ClusterFront:
    """The front of one started cluster; `front.send` and `front.handle` work without a socket."""

    def __init__(self, cluster: EmbeddedCluster, keys: Keys, settings: Settings | None = None) -> None:
        self._cluster = cluster
        self.settings = settings or Settings()
        self.keys = keys
        self.rbac = Rbac()
        self.rbac.load(cluster.reader)
        cluster.admission.checks.append(role_guard(self.rbac))
        cluster.core.stored.update(role_hooks(cluster.store, self.rbac))
        refill(cluster.store, self.rbac, cluster.clock.now())
        self.accounts = ServiceAccountTokens(keys.signing_key, cluster.reader, cluster.rng)
        self._fill_account_secrets()
        verifiers = (StaticTokens(self.settings.tokens), *self.settings.verifiers)
        self.authenticator = Authenticator(
            verifiers=verifiers, accounts=self.accounts, anonymous=self.settings.anonymous
        )
        self.reviews = Reviews(self.rbac, cluster.reader, self.accounts, verifiers)
        cluster.core.special.update(_specials(self.reviews, cluster.clock))
        cluster.webhooks.pod_runtime = self.settings.pod_runtime
        self.wiring = Wiring(
            api=cluster.api,
            kinds=cluster.catalog,
            reader=cluster.reader,
            clock=cluster.clock,
            authenticator=self.authenticator,
            authorizer=self.rbac,
            reviews=self.reviews,
            accounts=self.accounts,
            logs=self.settings.logs,
            backends=cluster.service_handlers,
            pod_runtime=self.settings.pod_runtime,
            dialer=self.settings.dialer,
            prometheus=self.settings.prometheus,
            trails=Trails(
                Auditor(self.settings.audit, cluster.clock.now, hashlib.sha256(b"audit" + keys.signing_key).digest()),
                cluster.store,
            ),
            metrics=self.settings.metrics,
            new_uid=cluster.rng.fork("reviews").uuid,
            checks={"store": lambda: cluster.store.trouble, **self.settings.checks},
        )
        self.front = Front(self.wiring)

    def _fill_account_secrets(self) -> None:
        cluster = self._cluster
        filling = AccountSecrets(
            self.accounts,
            cluster.reader,
            cluster.client("system:serviceaccount:kube-system:tokens-controller", ADMIN[1]),
            cluster.clock,
            self.keys.authority.certificate,
            cluster.spawn,
        )
        cluster.on_commit(filling.observe)
        filling.begin([entry.obj for entry in cluster.store.table("", "secrets").scan()])

    def authorize(self, request: ApiRequest) -> None:
        """For in-process clients that act with only a user's rights (`EmbeddedCluster.client(authorize=...)`)."""
        resource = request.kind.resource
        place = (resource.group, resource.plural, request.subresource, request.namespace, request.name)
        require(self.rbac, request.user, Attributes(request.verb, *place))

    def acting_as(self, user: str) -> DirectClient:
        """An in-process client with exactly the rights of `user`."""
        return self._cluster.client(user, with_implied(user, ()), self.authorize)

    def client_certificate(self, now: datetime, user: str = ADMIN[0], groups: Sequence[str] = ADMIN[1]) -> tls.KeyPair:
        return tls.issue_client(self.keys.authority, now, user, groups)

    def write_kubeconfig(self, path: Path, server: HttpServer, now: datetime) -> None:
        """An administrator's kubeconfig, by client certificate."""
        write_kubeconfig(path, server.url, self.keys.authority.certificate, self.client_certificate(now))


@asynccontextmanager
async def serve_cluster(cluster: EmbeddedCluster, front: ClusterFront, now: datetime) -> AsyncIterator[HttpServer]:
    """Listens until the block exits. `now` is the real time, for certificates, even when the cluster's is virtual."""
    settings = front.settings
    context = None
    if not settings.plain:
        addresses = [settings.host] if settings.host not in ("", "localhost", "0.0.0.0", "::") else []  # noqa: S104
        names, numeric = settings.server_names, [text for text in addresses if _is_address(text)]
        serving = tls.issue_serving(front.keys.authority, now, names, numeric)
        context = tls.server_context(serving, front.keys.authority.certificate)
    async with serve(
        front.front.handle,
        clock=cluster.clock,
        rng=cluster.rng,
        tls=context,
        host=settings.host,
        port=settings.port,
        knows=front.front.knows,
    ) as server:
        yield server


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()


def _specials(reviews: Reviews, clock: Clock) -> dict[tuple[str, str, str, str], Special]:
    """Reviews and token requests for in-process clients."""

    def of(answer: Callable[[Asked, str], JsonObject]) -> Special:
        async def handle(request: ApiRequest) -> ApiResponse:
            asked = Asked(request.user, request.namespace, clock.now(), request.body or {})
            return ApiResponse(201, answer(asked, request.name))

        return handle

    found = {
        (group, plural, "", "create"): of(lambda asked, _name, review=review: review(asked))  # type: ignore[misc]
        for (group, plural), review in reviews.by_resource.items()
    }
    found["", "serviceaccounts", "token", "create"] = of(reviews.request_token)
    return found
