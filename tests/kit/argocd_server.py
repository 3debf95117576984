"""Argo CD's API in this process: cluster, controllers and server on loopback, and a caller for tests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from argosy.cli.assembly.server_part import ports_of
from argosy.cli.place import HOST
from argosy.cli.process import Embedded, embedded
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.server.process import Place, Running, serving
from tests.kit.ports import free_port

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")


@dataclass
class Api:
    cluster: Embedded
    server: Running
    http: aiohttp.ClientSession
    token: str = ""

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, Any]:
        sent = dict(headers)
        if token if token is not None else self.token:
            sent["Authorization"] = f"Bearer {self.token if token is None else token}"
        data = None if body is None else json.dumps(body).encode()
        if method != "GET":
            sent.setdefault("Content-Type", "application/json")
        async with self.http.request(method, f"{self.server.url}{path}", data=data, headers=sent) as answer:
            text = await answer.text()
        return answer.status, json.loads(text) if text[:1] in ("{", "[") else text

    async def sign_in(self, name: str, password: str) -> str:
        status, found = await self.call("POST", "/api/v1/session", {"username": name, "password": password}, token="")
        assert status == 200, found
        return str(found["token"])

    async def configure(self, name: str, data: Mapping[str, str]) -> None:
        metadata = {"name": name, "namespace": "argocd"}
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
        await self.cluster.client.write(requests.apply(CONFIG_MAPS, obj, manager="test", force=True))

    async def secret(self, name: str, data: Mapping[str, str]) -> None:
        await self.cluster.client.write(
            requests.patch(SECRETS, Key("argocd", name), {"stringData": dict(data)}, PatchType.MERGE)
        )

    async def create(self, resource: Resource, obj: JsonObject) -> JsonObject:
        return await self.cluster.client.write(requests.create(resource, obj))


@asynccontextmanager
async def argocd_server(place: Path) -> AsyncIterator[Api]:
    """Signed in as admin."""
    clock, rng = RealClock(), SystemRng()
    async with embedded(place, HOST, free_port(), clock, rng) as running:
        await running.wait_ready(clock)
        ports = ports_of(running.control_plane, running.client, clock, rng, "argocd", place / "audit.log")
        async with serving(ports, Place(insecure=True)) as server, aiohttp.ClientSession() as http:
            api = Api(running, server, http)
            initial = await running.client.get(requests.Get(SECRETS, Key("argocd", "argocd-initial-admin-secret")))
            from argosy.server.configuration import decoded

            api.token = await api.sign_in("admin", decoded(initial)["password"])
            yield api
