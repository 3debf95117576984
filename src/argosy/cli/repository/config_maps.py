"""Changes one of the control plane's ConfigMaps at the version that was read, or creates it."""

from __future__ import annotations

from collections.abc import Callable

from argosy.cli.repository.secrets import MANAGER
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
Data = dict[str, str]


async def data_of(client: Client, name: str, namespace: str) -> Data:
    return dict((await _read(client, name, namespace) or {}).get("data") or {})


async def change_data(client: Client, name: str, namespace: str, change: Callable[[Data], Data]) -> None:
    present = await _read(client, name, namespace)
    if present is None:
        labels = {"app.kubernetes.io/part-of": "argocd"}
        metadata = {"name": name, "namespace": namespace, "labels": labels}
        made: JsonObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": change({})}
        await client.write(requests.create(CONFIG_MAPS, made, manager=MANAGER))
        return
    data = dict(present.get("data") or {})
    if (wanted := change(dict(data))) != data:
        await client.write(requests.update(CONFIG_MAPS, {**present, "data": wanted}, manager=MANAGER))


async def _read(client: Client, name: str, namespace: str) -> JsonObject | None:
    try:
        return await client.get(requests.Get(CONFIG_MAPS, Key(namespace, name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        return None
