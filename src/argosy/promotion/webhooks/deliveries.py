"""Receives deliveries: finds the receiver of the path, parses the delivery, and refreshes what it concerns.

`Receiving.answer` only needs a client: `serving` runs it next to the controllers, and it may be mounted elsewhere.
Nothing waits for a discovery: a refresh is an annotation, so a delivery is answered at once (spec/kargo-api.md 7).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from argosy.apis.kargo import ClusterConfig, ProjectConfig, Promotion, Warehouse
from argosy.apis.kargo.receivers import GenericReceiver
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, Key, Resource, resource_of
from argosy.machinery.requests import Get, List, merge
from argosy.machinery.status import StatusError
from argosy.promotion.credentials.matching import decoded
from argosy.promotion.kinds import SECRETS
from argosy.promotion.names import REFRESH
from argosy.promotion.webhooks.concerned import concerned_promotions, concerned_warehouses
from argosy.promotion.webhooks.delivery import BODY_LIMIT, Closed, Delivery, Pushed, Refused, Reply
from argosy.promotion.webhooks.generic import BAD, Known, reply_of, selections
from argosy.promotion.webhooks.providers import PROVIDERS
from argosy.promotion.webhooks.receivers import secret_key
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

log = logging.getLogger(__name__)
T = TypeVar("T")
TOO_LARGE: Final = Refused(413, f"content exceeds limit of {BODY_LIMIT} bytes")


@dataclass(frozen=True, slots=True)
class Receiver:
    """`project` is empty for a receiver of the ClusterConfig."""

    project: str
    kind: str
    block: JsonObject
    secret: str


class Receiving:
    def __init__(self, client: Client, clock: Clock, system_namespace: str) -> None:
        self._client, self._clock, self._system = client, clock, system_namespace

    async def answer(self, path: str, delivery: Delivery) -> Reply:
        try:
            receiver = await self._receiver(path)
            if len(delivery.body) > BODY_LIMIT:
                raise TOO_LARGE
            if receiver.kind == "generic":
                return await self._generic(receiver, delivery)
            return await self._provider(receiver, delivery)
        except Refused as refused:
            return refused.reply
        except StatusError as error:
            log.warning("a webhook delivery could not be handled: %s %s", error.code, error.reason)
            return Reply(500, {})

    # -- the receiver ------------------------------------------------------------------------------------------------

    async def _receiver(self, path: str) -> Receiver:
        """Raises Refused."""
        configs = [one for one in await self._all(ProjectConfig, "") if _named(one, path)]
        if len(configs) == 1:
            namespace = configs[0].metadata.namespace
            return await self._read(configs[0], path, namespace, namespace)
        for config in await self._all(ClusterConfig, ""):
            if _named(config, path):
                return await self._read(config, path, "", self._system)
        raise Refused(404)

    async def _read(self, config: ProjectConfig | ClusterConfig, path: str, project: str, namespace: str) -> Receiver:
        name = _named(config, path)
        found = next((one for one in config.spec.webhook_receivers if one.name == name), None)
        if found is None or not found.kind:
            raise Refused(404)
        secret = await self._get(SECRETS, Key(namespace, found.secret_name))
        value = decoded(secret).get(secret_key(found.kind)) if secret else None
        if not value:
            raise Refused(500)
        return Receiver(project, found.kind, found.raw[found.kind], value)

    # -- what it means -----------------------------------------------------------------------------------------------

    async def _provider(self, receiver: Receiver, delivery: Delivery) -> Reply:
        meaning = PROVIDERS[receiver.kind](delivery, receiver.secret, receiver.block)
        if isinstance(meaning, Reply):
            return meaning
        if isinstance(meaning, Pushed):
            chosen = concerned_warehouses(meaning, await self._all(Warehouse, receiver.project))
            return await self._refresh_all(chosen, "warehouse(s)", "warehouses")
        return await self._closed(meaning, receiver.project)

    async def _closed(self, meaning: Closed, project: str) -> Reply:
        chosen = concerned_promotions(meaning, await self._all(Promotion, project))
        return await self._refresh_all(chosen, "promotion(s)", "promotion(s)")

    async def _refresh_all(self, chosen: Sequence[Warehouse | Promotion], done: str, failed: str) -> Reply:
        refreshed = [await self._refreshed(one) for one in chosen]
        if not all(refreshed):
            failures = refreshed.count(False)
            return Reply(500, {"error": f"failed to refresh {failures} of {len(chosen)} {failed}"})
        return Reply(200, {"msg": f"refreshed {len(chosen)} {done}"})

    async def _generic(self, receiver: Receiver, delivery: Delivery) -> Reply:
        known: Known = {
            "Warehouse": await self._all(Warehouse, receiver.project),
            "Promotion": await self._all(Promotion, receiver.project),
        }
        results = []
        chosen = asyncio.to_thread(selections, delivery, read(GenericReceiver, receiver.block), known)
        for selection in await self._clock.external(chosen):  # an untrusted body may make expressions expensive
            refreshed = [await self._refreshed(one) for one in selection.targets]
            results.append(reply_of(selection, refreshed))
        status = 500 if any(one["result"] in BAD for one in results) else 200
        return Reply(status, {"results": results})

    # -- the API server ----------------------------------------------------------------------------------------------

    async def _refreshed(self, one: Warehouse | Promotion) -> bool:
        """Applies to any version of the object: the token is a new value each time."""
        kind = resource_of(type(one))
        patch = {"metadata": {"annotations": {REFRESH: timestamps.micros(self._clock.now())}}}
        try:
            await self._client.write(merge(kind, one.raw, patch, exact=False))
        except StatusError as error:
            log.warning("%s %s could not be refreshed: %s", kind.kind, one.metadata.name, error.reason)
            return False
        return True

    async def _get(self, kind: Resource, key: Key) -> JsonObject | None:
        if not key.name:
            return None
        try:
            return await self._client.get(Get(kind, key))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise

    async def _all(self, kind: type[T], namespace: str) -> list[T]:
        page = await self._client.page(List(resource=resource_of(kind), namespace=namespace))
        return [read(kind, one) for one in page.items]


def _named(config: ProjectConfig | ClusterConfig, path: str) -> str:
    """The config's receiver for the path; "" if there is none."""
    return next((one.name for one in config.status.webhook_receivers if one.path == path), "")
