"""The inputs of a Warehouse's decision: its questions to repositories, and their answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.kargo import Freight, Warehouse
from argosy.machinery import duration
from argosy.machinery.controller import PENDING, Failed, Hidden, Snapshot
from argosy.machinery.objects import Key
from argosy.promotion.credentials.finding import found_credentials
from argosy.promotion.freight.identity import freight_id
from argosy.promotion.kinds import FREIGHT
from argosy.promotion.names import REFRESH, SHARD
from argosy.promotion.settings import Settings
from argosy.promotion.warehouses.artifacts import discovered, freight_of
from argosy.promotion.warehouses.questions import Discover, Found
from argosy.promotion.warehouses.subscriptions import UnknownSubscription, kind_of

DEFAULT_INTERVAL: Final = timedelta(minutes=5)
CREDENTIALS: Final = {"git": "git", "image": "image", "chart": "helm"}
"""Kind of subscription -> type of credentials."""


@dataclass(frozen=True, slots=True)
class Discovering:
    slot: str
    generation: int
    token: str


@dataclass(frozen=True, slots=True)
class Announcing:
    """Freight was created; its Event is emitted next, now that it has a uid."""

    name: str


@dataclass(frozen=True, slots=True)
class Failing:
    count: int
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    warehouse: Warehouse
    memory: Discovering | Announcing | Failing | None
    answers: tuple[Found, ...] | None = None
    """None while some are missing, or nothing was asked."""
    existing: Freight | None = None
    """The Freight of the newest artefacts, if it exists already."""
    interval: timedelta = DEFAULT_INTERVAL
    unknown: str = ""
    refused: str = ""
    """Why creating the newest artefacts' Freight failed the last time."""

    @property
    def token(self) -> str:
        """The token of the requested refresh."""
        return self.warehouse.metadata.annotations.get(REFRESH) or ""


class Looking:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        warehouse = snapshot.get(Warehouse, key)
        if warehouse is None or warehouse.metadata.deletion_timestamp:
            return None
        if not self._settings.owns(warehouse.metadata.labels.get(SHARD) or ""):
            return None
        memory = snapshot.memory
        interval = max(_interval(warehouse), self._settings.min_warehouse_interval)
        if isinstance(memory, Announcing):
            made = snapshot.get(Freight, Key(key.namespace, memory.name))
            return Seen(warehouse=warehouse, memory=memory, existing=made, interval=interval)
        if not isinstance(memory, Discovering):
            return Seen(warehouse=warehouse, memory=memory, interval=interval)
        try:
            answers = self._asked(snapshot, warehouse, memory)
        except UnknownSubscription as error:
            return Seen(warehouse=warehouse, memory=memory, interval=interval, unknown=str(error))
        refusal = snapshot.refusal
        refused = refusal.message if refusal and refusal.write.resource == FREIGHT else ""
        existing = None
        if answers is not None and (wanted := freight_of(warehouse, discovered(warehouse, answers))) is not None:
            existing = snapshot.get(Freight, Key(key.namespace, freight_id(wanted)))
        return Seen(
            warehouse=warehouse, memory=memory, answers=answers, existing=existing, interval=interval, refused=refused
        )

    def _asked(self, snapshot: Snapshot, warehouse: Warehouse, memory: Discovering) -> tuple[Found, ...] | None:
        found: list[Found] = []
        complete = True
        for index, subscription in enumerate(warehouse.spec.subscriptions):
            kind = kind_of(subscription, index)
            body = subscription[kind]
            wanted = [(CREDENTIALS[kind], str(body.get("repoURL") or ""))]
            given = found_credentials(snapshot, warehouse.metadata.namespace, wanted, self._settings)
            answer = snapshot.ask(
                Discover(
                    kind=kind,
                    name=subscription.get("name") or "",
                    body=json.dumps(body, sort_keys=True),
                    slot=memory.slot,
                    credentials=Hidden(json.dumps(given, sort_keys=True)),
                )
            )
            if answer is PENDING:
                complete = False
            elif isinstance(answer, Failed):
                found.append(Found(error=f"error discovering {body.get('repoURL')}: {answer.reason}"))
            else:
                found.append(answer)
        return tuple(found) if complete else None


def _interval(warehouse: Warehouse) -> timedelta:
    text = warehouse.spec.interval
    try:
        return duration.parse(text) if text else DEFAULT_INTERVAL
    except duration.DurationError:
        return DEFAULT_INTERVAL
