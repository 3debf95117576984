"""Works as the sealing controller does for the callers of this server: its keys, and RSA with limits for each caller.

Has its own ring and thread, because the controllers may be in another process. RSA is slow: a caller has the rate of
the controller's settings and few places in the queue, and one thread works for all (security rule 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import orjson

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.sealing.adapters.opening import OpenedItem, Opener
from argosy.sealing.assembly import sealed_label
from argosy.sealing.endpoints import Answer, Endpoints
from argosy.sealing.item import ItemError
from argosy.sealing.keyring import KeyRing, key_ring
from argosy.sealing.rates import Rates
from argosy.sealing.settings import settings_of
from argosy.sealing.templates import Templates
from argosy.server.api.sealing.key_secrets import key_secrets
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid

WAITING_EACH: Final = 4
"""Requests of one caller that may wait for RSA at once."""


class Controller:
    def __init__(self, context: ServerContext) -> None:
        """Raises SettingError."""
        self._context, self._settings = context, settings_of(context.environ)
        entropy = context.rng.token_bytes
        render = Templates(context.clock.now, entropy).render
        self._opener = Opener(render, threads=1, deprecated=self._settings.accepts_deprecated)
        self._rates = Rates(self._settings.rate, self._settings.burst)
        self._endpoints = Endpoints(self._opener, lambda: self._ring, entropy, context.clock.monotonic, Rates(1, 1))
        self._ring = KeyRing()
        self._waiting: Counter[str] = Counter()

    async def opens(self, caller: str, sealed: bytes) -> bool:
        """Raises ApiError."""
        async with self._turn(caller):
            return _is_opened(await self._endpoints.verify(sealed))

    async def resealed(self, caller: str, sealed: bytes) -> dict[str, str] | None:
        """None if an item cannot be decrypted. Raises ApiError."""
        async with self._turn(caller):
            answer = await self._endpoints.reseal(sealed)
        if not _is_opened(answer):
            return None
        items: dict[str, str] = orjson.loads(answer.body)["items"]
        return items

    async def openers(self, caller: str, sealed: bytes) -> dict[str, str]:
        """The fingerprint of the key that opens each item; empty for one that no key opens. Raises ApiError."""
        view = read(SealedSecret, orjson.loads(sealed))
        async with self._turn(caller):
            found = await self._opener.items(view, self._ring, sealed_label(view), asked=True)
        return {name: _fingerprint(found.get(item)) for name, item in view.spec.encrypted_data.items()}

    @asynccontextmanager
    async def _turn(self, caller: str) -> AsyncIterator[None]:
        """With the keys of now. Raises ApiError: too many requests."""
        if self._waiting[caller] >= WAITING_EACH or not self._rates.allows(caller, self._context.clock.monotonic()):
            raise too_many()
        self._waiting[caller] += 1
        try:
            held = [read(Secret, obj) for obj in await key_secrets(self._context.client, self._settings)]
            self._ring = await self._opener.in_background(partial(key_ring, held, order=self._settings.order))
            yield
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]


def _fingerprint(found: OpenedItem | ItemError | None) -> str:
    return found.key.fingerprint if isinstance(found, OpenedItem) else ""


def too_many() -> ApiError:
    return ApiError(Code.RESOURCE_EXHAUSTED, "too many requests: try again in a second")


def _is_opened(answer: Answer) -> bool:
    """Raises ApiError."""
    match answer.status:
        case 200 | 409:
            return answer.status == 200
        case 429:
            raise too_many()
    raise invalid("body.sealedSecret: a SealedSecret of bitnami.com/v1alpha1 would be right, and a sealing key for it")
