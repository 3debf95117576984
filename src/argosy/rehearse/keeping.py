"""Keeps the newest reports in the cluster, for the web page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rehearse.report import Report, as_json
from argosy.runtime.client import Client
from argosy.server.rehearsal_reports import LABEL, config_map

CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
KEPT: Final = 50


async def keep(client: Client, namespace: str, report: Report) -> str:
    """Stores a report, replacing one of the same name and deleting the oldest. Raises TooLarge, StatusError."""
    obj = config_map(namespace, as_json(report))
    await client.write(requests.apply(CONFIG_MAPS, obj, manager="argosy-rehearsal", force=True))
    selector = f"{LABEL}=true"
    found = (await client.page(requests.List(resource=CONFIG_MAPS, namespace=namespace, label_selector=selector))).items
    for one in oldest(found):
        await client.write(requests.remove(CONFIG_MAPS, Key(namespace, one["metadata"]["name"])))
    return str(obj["metadata"]["name"])


def oldest(config_maps: Iterable[JsonObject]) -> list[JsonObject]:
    """The reports beyond the limit."""
    found = sorted(config_maps, key=lambda one: str(one["metadata"].get("creationTimestamp") or ""), reverse=True)
    return found[KEPT:]
