"""Manifests of files that a caller sends: complete, within limits, of an Application that the caller may see."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from argosy.machinery.objects import JsonObject, Resource
from argosy.server.dispatch import Asked
from argosy.server.errors import ApiError, Code
from argosy.server.schema.facts import methods
from tests.kit.argocd_server import Api, argocd_server

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
METHOD = "application.ApplicationService/GetManifestsWithFiles"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: local}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: canary-7}\n"
PART = 1024


def archive(files: Mapping[str, str]) -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return found.getvalue()


async def sent(api: Api, data: bytes, *, name: str = "one", checksum: str | None = None, token: str = "") -> JsonObject:
    async def parts() -> AsyncIterator[JsonObject]:
        for at in range(0, len(data), PART):
            yield {"chunk": {"chunk": base64.b64encode(data[at : at + PART]).decode()}}

    query = {"name": name, "checksum": hashlib.sha256(data).hexdigest() if checksum is None else checksum}
    headers = {"authorization": f"Bearer {token or api.token}"}
    asked = Asked(methods()[METHOD], {"query": query}, headers, uploads=parts())
    return (await api.server.dispatcher.unary(asked))[0]


async def refused(api: Api, data: bytes, **more: str) -> ApiError:
    with pytest.raises(ApiError) as error:
        await sent(api, data, **more)
    return error.value


def test_what_is_sent_is_rendered_as_the_application_says(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            spec = {
                "project": "default",
                "source": {"repoURL": "https://git.example.com/a.git", "path": "app"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
            }
            metadata = {"name": "one", "namespace": "argocd"}
            body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}
            await api.create(APPLICATIONS, body)
            data = archive({"app/c.yaml": CONFIG_MAP, "app/s.yaml": SECRET, "other/x.yaml": "nonsense: ["})
            found = await sent(api, data)
            objects = {item["kind"]: item for item in map(json.loads, found["manifests"])}
            assert objects["ConfigMap"]["data"] == {"a": "local"}
            assert "canary-7" not in json.dumps(found), "values of Secrets are masked"
            assert found["sourceType"] == "Directory"

            checkout = archive({"app/c.yaml": CONFIG_MAP, ".git/hooks/x.yaml": "nonsense: [", "app/.GIT/x.yaml": "["})
            assert len((await sent(api, checkout))["manifests"]) == 1, "a working copy, without its .git"

            assert "checksum" in (await refused(api, data, checksum="0" * 64)).message
            assert "no archive" in (await refused(api, b"")).message
            for broken in (b"no archive at all", data[: len(data) // 2], archive({"../../etc/x": "x"})):
                assert "error receiving files" in (await refused(api, broken)).message
            absent = await refused(api, archive({"elsewhere/c.yaml": CONFIG_MAP}))
            assert absent.message == "error generating manifests: app: app path does not exist"
            assert (await refused(api, data, name="zzz")).code is Code.PERMISSION_DENIED
            status, told = await api.call("POST", "/api/v1/applications/manifestsWithFiles", {"query": {"name": "one"}})
            assert (status, told["message"]) == (500, "error getting query: error getting stream query: query is nil")

            limits = {"reposerver.streamed.manifest.max.tar.size": "2k"}
            await api.configure("argocd-cmd-params-cm", limits)
            large = archive({"app/x.yaml": "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))})
            for _ in range(100):
                error = await refused(api, large)
                if error.code is Code.RESOURCE_EXHAUSTED:
                    break
                await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            assert "larger than 2000 bytes (reposerver.streamed.manifest.max.tar.size)" in error.message
            bomb = gzip.compress(b"\0" * (8 << 20))
            assert len(bomb) > 2000 or "grows" in (await refused(api, bomb)).message

    asyncio.run(scenario())
