"""Sealing by a sign-in: who may ask what, how often; no value and no private key leaves the server in clear."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pyrage
import pytest

from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Get
from argosy.sealing.ports import MakeKey
from argosy.sealing.renewal import key_secret
from argosy.sealing.settings import Settings
from argosy.server.api.sealing.requests_to_controller import target_of_sealed
from argosy.server.errors import ApiError
from tests.kit.argocd_server import SECRETS, Api, argocd_server
from tests.kit.sealing import NOON, made_for_tests, sealed

PLACE = "/api/argosy/v1/sealing"
CANARY = "canary-value-of-the-secret"
POLICY = """
p, role:viewer, objects, get, bitnami.com/SealedSecret/default/*, allow
g, viewer, role:viewer
"""
PATIENCE = 120.0


def test_a_slash_in_a_name_does_not_reach_into_another_namespace() -> None:
    assert target_of_sealed({"metadata": {"namespace": "a", "name": "b"}}) == "bitnami.com/SealedSecret/a/b"
    with pytest.raises(ApiError, match="namespace"):
        target_of_sealed({"metadata": {"namespace": "a/b", "name": "c"}})


def test_who_signed_in_may_ask_the_controller_and_the_keys_by_their_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SEALED_SECRETS_KEY_SIZE", "2048")
    monkeypatch.setenv("SEALED_SECRETS_RATE_LIMIT", "0.001")
    monkeypatch.setenv("SEALED_SECRETS_RATE_LIMIT_BURST", "4")
    secrets = [the_key(0), the_key(1)]
    given = sealed({"password": CANARY})
    shown: list[Any] = []

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            viewer = await a_viewer(api)
            await api.create(SECRETS, secrets[0])

            async def ask(path: str, body: JsonObject, token: str | None = None) -> tuple[int, Any]:
                found = await api.call("POST", f"{PLACE}/{path}", body, token=token)
                shown.append(found)
                return found

            assert (await ask("verify", {"sealedSecret": given}, ""))[0] == 401
            assert await ask("verify", {"sealedSecret": given}, viewer) == (200, {"opens": True})
            elsewhere = {**given, "metadata": {"namespace": "other", "name": "app"}}
            assert (await ask("verify", {"sealedSecret": elsewhere}, viewer))[0] == 403
            assert (await ask("reseal", {"sealedSecret": given}, viewer))[0] == 403, "it takes the right to update"
            assert await ask("verify", {"sealedSecret": elsewhere}) == (200, {"opens": False})
            assert (await ask("verify", {"sealedSecret": {"metadata": {}}}))[0] == 400
            status, found = await ask("reseal", {"sealedSecret": given})
            assert (status, found["opens"]) == (200, True)
            again = {**given, "spec": {"encryptedData": {**given["spec"]["encryptedData"], **found["items"]}}}
            assert await ask("verify", {"sealedSecret": again}) == (200, {"opens": True})

            for _ in range(10):
                if (status := (await ask("verify", {"sealedSecret": given}))[0]) == 429:
                    break
            assert status == 429, "RSA has a rate for each caller"
            assert (await ask("verify", {"sealedSecret": given}, viewer))[0] == 200, "and other callers are not delayed"

            await check_keys(api, ask, viewer)

    async def check_keys(api: Api, ask: Any, viewer: str) -> None:
        identity = pyrage.x25519.Identity.generate()
        recipient = {"recipient": str(identity.to_public())}
        for path, body in (("keys", {"bits": 2048, "hours": 1}), ("keys/backup", recipient)):
            assert (await ask(path, body, viewer))[0] == 403
        assert (await ask("keys/restore", {"keys": secrets}, viewer))[0] == 403
        assert (await ask("keys", {"bits": 512, "hours": 1}))[0] == 400
        assert (await ask("keys", {"bits": 2048, "hours": 0}))[0] == 400
        assert (await ask("keys/backup", {"recipient": "nobody"}))[0] == 400

        status, made = await ask("keys", {"bits": 2048, "hours": 9})
        assert status == 200
        _, listed = await api.call("GET", f"{PLACE}/keys")
        assert made["name"] in [one["name"] for one in listed["keys"]]
        assert {one["bits"] for one in listed["keys"]} == {2048}

        status, backup = await ask("keys/backup", recipient)
        items = json.loads(pyrage.decrypt(base64.b64decode(backup["encrypted"]), [identity]))["items"]
        assert backup["count"] == len(items)
        assert secrets[0]["data"] in [one["data"] for one in items]

        marked = {**secrets[1], "metadata": {**secrets[1]["metadata"]}}
        marked["metadata"]["labels"] = {**marked["metadata"]["labels"], "argocd.argoproj.io/secret-type": "cluster"}
        broken = {**the_key(2), "data": {"tls.key": secrets[0]["data"]["tls.key"], "tls.crt": "bm8="}}
        foreign = {"metadata": {"name": "x"}, "type": "Opaque", "data": {}}
        status, found = await ask("keys/restore", {"keys": [secrets[0], marked, broken, foreign]})
        assert (status, found["restored"], found["present"]) == (200, 1, 1)
        assert [text.partition(":")[0] for text in found["refused"]] == ["keys[2]", "keys[3]"]
        stored = await api.cluster.client.get(Get(SECRETS, Key("kube-system", marked["metadata"]["name"])))
        assert stored["data"] == secrets[1]["data"]
        assert "argocd.argoproj.io/secret-type" not in stored["metadata"]["labels"], "a key configures nothing else"

    with caplog.at_level("DEBUG"):
        asyncio.run(scenario())
    audit = (tmp_path / "audit.log").read_text()
    records = [json.loads(line) for line in audit.splitlines()]
    for path, expected in (("keys", 4), ("keys/backup", 3), ("keys/restore", 2)):
        assert len([one for one in records if one["method"] == f"POST /sealing/{path}"]) == expected
    text = f"{shown}{audit}{caplog.text}"
    for private in (CANARY, *(secret["data"]["tls.key"] for secret in secrets)):
        assert private not in text
        assert base64.b64encode(private.encode()).decode() not in text


def the_key(number: int) -> JsonObject:
    return key_secret(Settings(), made_for_tests(number, MakeKey(2048, "", NOON, NOON + timedelta(days=3650))))


async def a_viewer(api: Api) -> str:
    """A token of an account that may see SealedSecrets of one namespace."""
    await api.configure("argocd-cm", {"accounts.viewer": "login"})
    await api.configure("argocd-rbac-cm", {"policy.csv": POLICY})
    hashed = bcrypt.hashpw(b"a-password", bcrypt.gensalt(4)).decode()
    await api.secret("argocd-secret", {"accounts.viewer.password": hashed})
    asked = {"username": "viewer", "password": "a-password"}
    async with asyncio.timeout(PATIENCE):
        while True:
            status, found = await api.call("POST", "/api/v1/session", asked, token="")
            if status == 200:
                return str(found["token"])
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server


def test_the_key_that_opens_each_item_is_named_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALED_SECRETS_KEY_SIZE", "2048")
    given = sealed({"password": CANARY})
    given["spec"]["encryptedData"]["broken"] = "AAAA"

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            viewer = await a_viewer(api)
            await api.create(SECRETS, the_key(0))
            status, found = await api.call("POST", f"{PLACE}/openers", {"sealedSecret": given}, token=viewer)
            assert status == 200, found
            status, keys = await api.call("GET", f"{PLACE}/keys", token=viewer)
            fingerprints = {one["fingerprint"] for one in keys["keys"]}
            assert found["items"]["password"] in fingerprints
            assert found["items"]["broken"] == ""
            elsewhere = {**given, "metadata": {"namespace": "other", "name": "app"}}
            status, _ = await api.call("POST", f"{PLACE}/openers", {"sealedSecret": elsewhere}, token=viewer)
            assert status == 403

    asyncio.run(scenario())
