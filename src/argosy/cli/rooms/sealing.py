"""Builds the room `sealing`, as soon as the process is ready: it does not delay the start."""

from __future__ import annotations

from typing import Final

from argosy import __version__, sealing
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.cli.rooms.loading import Context, Parts
from argosy.cli.rooms.sealing_service import settings
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.machinery.objects import resource_of
from argosy.sealing.adapters.keymaking import RealKeys
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.endpoints import Endpoints
from argosy.sealing.keyring import KeyRing, is_key_secret, key_ring
from argosy.sealing.metrics import Metrics
from argosy.sealing.rates import Rates
from argosy.sealing.templates import Templates

KEY_SECONDS: Final = 20.0
"""How long a client that requests the certificate waits for the first key."""


def build(context: Context) -> Parts:
    """Raises CommandError for an invalid setting."""
    found = settings(context.environ)
    clock, entropy = context.clock, context.rng.token_bytes
    opener = Opener(Templates(clock.now, entropy).render, deprecated=found.accepts_deprecated)
    metrics = Metrics(__version__)
    secrets = context.caches.cache(resource_of(Secret))

    def ring() -> KeyRing:
        views = (read(Secret, obj) for obj in secrets.list(found.namespace))
        held = [one for one in views if is_key_secret(one.metadata.labels, one.metadata.name, found.key_prefix)]
        return key_ring(held, order=found.order)

    endpoints = Endpoints(opener, ring, entropy, clock.monotonic, Rates(found.rate, found.burst))

    async def answer(request: ProxyRequest) -> ProxyResponse:
        began = clock.monotonic()
        while ring().newest is None and clock.monotonic() - began < KEY_SECONDS:
            await clock.sleep(0.1, background=True)
        answer = await endpoints.answer(request.path, request.headers, request.body)
        metrics.answered(request.path, request.method, answer.status, clock.monotonic() - began)
        return ProxyResponse(status=answer.status, body=answer.body, content_type=answer.content_type)

    return Parts(
        controllers=sealing.controllers(found, metrics),
        answerers=sealing.answerers(opener, RealKeys(entropy)),
        close=opener.close,
        answer=answer,
    )
