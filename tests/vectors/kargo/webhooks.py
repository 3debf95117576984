"""Deliveries of every kind of receiver: the published path, the answer, and what is refreshed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

from argosy.apis.kargo.receivers import WebhookReceiver
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Get, List, Write
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import CLUSTER_CONFIGS, PROJECT_CONFIGS, PROMOTIONS, SECRETS, WAREHOUSES
from argosy.promotion.webhooks.deliveries import Receiving
from argosy.promotion.webhooks.delivery import Delivery
from argosy.promotion.webhooks.receivers import path_of, secret_key
from argosy.runtime.clock import RealClock
from tests.vectors.outcome import Outcome
from tests.vectors.reading import each

FAMILY, SYSTEM = "kargo/webhooks", "kargo-system-resources"


class Objects:
    """A client over objects in memory; `written` are the annotated ones."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, Key], JsonObject] = {}
        self.written: list[str] = []

    def add(self, plural: str, obj: JsonObject) -> None:
        metadata = obj["metadata"]
        key = Key(metadata.get("namespace") or "", metadata["name"])
        self.objects[plural, key] = {**obj, "metadata": {"uid": f"u-{key}", "resourceVersion": "1", **metadata}}

    async def get(self, request: Get) -> JsonObject:
        if (found := self.objects.get((request.resource.plural, request.key))) is None:
            raise StatusError(404, "NotFound", request.key.name)
        return found

    async def page(self, request: List) -> Any:
        items = [
            obj
            for (plural, key), obj in sorted(self.objects.items(), key=lambda one: str(one[0]))
            if plural == request.resource.plural and request.namespace in ("", key.namespace)
        ]
        return SimpleNamespace(items=items)

    async def write(self, request: Write) -> JsonObject:
        body: Any = request.body
        assert body["metadata"]["annotations"]["kargo.akuity.io/refresh"]
        self.written.append(f"{request.resource.kind}/{request.key.namespace}/{request.key.name}")
        return {}


def run(data: Path) -> Iterator[Outcome]:
    document = json.loads((data / "kargo" / "webhooks.json").read_bytes())
    return each(FAMILY, document["cases"], partial(_played, document), lambda case: case["id"])


def _played(document: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[Outcome]:
    name = str(case["id"])
    try:
        problem = asyncio.run(_problem(document, case))
    except Exception as error:
        problem = repr(error)
    yield Outcome(FAMILY, name, not problem, problem)


async def _problem(document: Mapping[str, Any], case: Mapping[str, Any]) -> str:
    objects, expected, request = Objects(), case["expected"], case["request"]
    for warehouse in [*document["warehouses"], *(case.get("extraWarehouses") or ())]:
        objects.add(WAREHOUSES.plural, warehouse)
    for promotion in document["promotions"]:
        objects.add(PROMOTIONS.plural, promotion)
    path = _configure(objects, document["baseURL"], case)
    if path != expected["path"]:
        return f"path {path}, expected {expected['path']}"
    query = dict(parse_qsl((request.get("query") or "").removeprefix("?")))
    delivery = Delivery(headers=request["headers"], body=request["body"].encode(), query=query)
    reply = await Receiving(objects, RealClock(), SYSTEM).answer(path, delivery)  # type: ignore[arg-type]
    found = (reply.status, reply.body, sorted(objects.written))
    wanted = (expected["status"], expected.get("body") or {}, sorted(expected.get("refreshed") or ()))
    return "" if found == wanted else f"{found}, expected {wanted}"


def _configure(objects: Objects, base_url: str, case: Mapping[str, Any]) -> str:
    """The receiver, its Secret, and the path that would be published."""
    project, receiver = case["project"], case["receiver"]
    kind = read(WebhookReceiver, receiver).kind
    path = path_of(base_url, kind, project, receiver["name"], case["secretData"][secret_key(kind)])
    config = {
        "metadata": {"name": project or "cluster", "namespace": project},
        "spec": {"webhookReceivers": [receiver]},
        "status": {"webhookReceivers": [{"name": receiver["name"], "path": path}]},
    }
    objects.add((PROJECT_CONFIGS if project else CLUSTER_CONFIGS).plural, config)
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in case["secretData"].items()}
    objects.add(SECRETS.plural, {"metadata": {"name": "wh-secret", "namespace": project or SYSTEM}, "data": encoded})
    return path
