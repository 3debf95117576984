"""Sealed Secrets in a process: its controllers, started once all else is ready, and its endpoints.

A start pays nothing for it: this room is loaded when the process is ready, and makes its first key then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from argosy import __version__
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.cli.failing import CommandError
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.cluster.server import ServiceHandlers
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.informers import InformerCaches

if TYPE_CHECKING:
    from argosy.sealing.endpoints import Endpoints
    from argosy.sealing.keyring import KeyRing
    from argosy.sealing.metrics import Metrics
    from argosy.sealing.settings import Settings

SECRETS: Final = Resource("", "v1", "secrets", "Secret")
SERVICE_PORT: Final = 8080
KEY_SECONDS: Final = 20.0
"""How long a client that asks for the certificate waits for the first key."""


class Sealing:
    """`owns`: whether a key of a controller is this replica's."""

    def __init__(
        self,
        client: Client,
        caches: InformerCaches,
        clock: Clock,
        rng: Rng,
        *,
        is_ready: Callable[[], bool],
        owns: Callable[[str, Key], bool] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings(os.environ if environ is None else environ)
        self._client, self._caches, self._clock, self._rng = client, caches, clock, rng
        self._is_ready, self._owns = is_ready, owns
        self._endpoints: Endpoints | None = None
        self._metrics: Metrics | None = None
        self._close: Callable[[], None] = lambda: None

    async def run(self) -> None:
        while not self._is_ready():
            await self._clock.sleep(0.05, background=True)
        from argosy import sealing
        from argosy.runtime.engine import Engine
        from argosy.sealing.adapters.keymaking import RealKeys
        from argosy.sealing.adapters.opening import Opener
        from argosy.sealing.endpoints import Endpoints
        from argosy.sealing.metrics import Metrics
        from argosy.sealing.rates import Rates
        from argosy.sealing.templates import Templates

        entropy = self._rng.token_bytes
        opener = Opener(Templates(self._clock.now, entropy).render, deprecated=self.settings.accepts_deprecated)
        self._close = opener.close
        self._metrics = Metrics(__version__)
        rates = Rates(self.settings.rate, self.settings.burst)
        self._endpoints = Endpoints(opener, self.ring, entropy, self._clock.monotonic, rates)
        engine = Engine(
            self._client,
            self._caches,
            self._clock,
            self._rng.fork("sealing"),
            sealing.controllers(self.settings, self._metrics),
            sealing.answerers(opener, RealKeys(entropy)),
            owns=self._owns,
        )
        await engine.run()

    def close(self) -> None:
        self._close()

    def serve_in(self, handlers: ServiceHandlers) -> None:
        """Answers behind the Service of the embedded cluster."""
        handlers.add_service(self.settings.namespace, self.settings.service, "", self.answer)

    def ring(self) -> KeyRing:
        from argosy.sealing.keyring import is_key_secret, key_ring

        found = (read(Secret, obj) for obj in self._caches.cache(SECRETS).list(self.settings.namespace))
        prefix = self.settings.key_prefix
        held = [one for one in found if is_key_secret(one.metadata.labels, one.metadata.name, prefix)]
        return key_ring(held, order=self.settings.order)

    async def answer(self, request: ProxyRequest) -> ProxyResponse:
        """A request that came through the API server's proxy."""
        began = self._clock.monotonic()
        await self._until_there_is_a_key(began)
        if self._endpoints is None or self._metrics is None:
            return ProxyResponse(status=503, body=b"starting\n")
        found = await self._endpoints.answer(request.path, request.headers, request.body)
        self._metrics.answered(request.path, request.method, found.status, self._clock.monotonic() - began)
        return ProxyResponse(status=found.status, body=found.body, content_type=found.content_type)

    async def _until_there_is_a_key(self, began: float) -> None:
        while self._endpoints is None or self.ring().newest is None:
            if self._clock.monotonic() - began > KEY_SECONDS:
                return
            await self._clock.sleep(0.1, background=True)


def settings(environ: Mapping[str, str]) -> Settings:
    """Raises CommandError."""
    from argosy.sealing.settings import SettingError, settings_of

    try:
        return settings_of(environ)
    except SettingError as error:
        raise CommandError(str(error)) from None


def service_objects(environ: Mapping[str, str] | None = None) -> list[JsonObject]:
    """What an unmodified client looks for: the Service, and the right of every user to ask it through its proxy."""
    found = settings(os.environ if environ is None else environ)
    namespace, name = found.namespace, found.service
    proxier = "sealed-secrets-service-proxier"
    metadata: JsonObject = {"name": proxier, "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    names = [f"http:{name}:", f"http:{name}:http", name]
    rules: list[JsonObject] = [
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get"], "resourceNames": [name]},
        {"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["create", "get"], "resourceNames": names},
    ]
    role: dict[str, Any] = {"apiGroup": group, "kind": "Role", "name": proxier}
    subject: dict[str, Any] = {"apiGroup": group, "kind": "Group", "name": "system:authenticated"}
    port: JsonObject = {"name": "http", "port": SERVICE_PORT, "targetPort": SERVICE_PORT}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [port]},
        },
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [subject],
        },
    ]
