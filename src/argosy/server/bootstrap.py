"""Creates what the server needs before anybody can sign in: signing key, administrator's password, certificate.

Everything is in argocd-secret, so that all replicas share it; the first replica creates it.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Final

from argosy.cluster.http.tls import KeyPair, issue_serving, make_authority
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.server.configuration import SECRET, SECRETS, decoded
from argosy.server.sessions.passwords import hashed

AUTHORITY_NAME: Final = "argosy-server-ca"
"""The common name by which a pair is known as made here."""
INITIAL: Final = "argocd-initial-admin-secret"
LABELS: Final = {"app.kubernetes.io/name": SECRET, "app.kubernetes.io/part-of": "argocd"}
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PASSWORD_LENGTH: Final = 16
TRIES: Final = 5


async def ensure(client: Client, namespace: str, clock: Clock, rng: Rng) -> dict[str, str]:
    """The decoded argocd-secret, complete. Raises StatusError."""
    for _ in range(TRIES):
        try:
            return await _ensure(client, namespace, clock, rng)
        except StatusError as error:
            if not (error.is_conflict or error.is_already_exists):
                raise
    raise StatusError(409, "Conflict", f"{SECRET} is being changed by others again and again")


async def _ensure(client: Client, namespace: str, clock: Clock, rng: Rng) -> dict[str, str]:
    try:
        found: JsonObject | None = await client.get(requests.Get(SECRETS, Key(namespace, SECRET)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        found = None
    data = decoded(found or {})
    missing, password = await _missing(data, clock, rng)
    if password:
        await _tell_password(client, namespace, password)
    if found is None:
        metadata = {"name": SECRET, "namespace": namespace, "labels": LABELS}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": _coded(missing)}
        await client.write(requests.create(SECRETS, body))
    elif missing:
        patch = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "data": _coded(missing)}
        await client.write(requests.patch(SECRETS, Key(namespace, SECRET), patch, PatchType.MERGE))
    return {**data, **missing}


async def _missing(data: dict[str, str], clock: Clock, rng: Rng) -> tuple[dict[str, str], str]:
    """The keys to add, and the administrator's password if one was generated."""
    found, password = {}, ""
    if not data.get("server.secretkey"):
        found["server.secretkey"] = base64.b64encode(rng.token_bytes(32)).decode()
    if not data.get("admin.password"):
        password = "".join(LETTERS[byte % 64] for byte in rng.token_bytes(PASSWORD_LENGTH))
        found["admin.password"] = await clock.external(asyncio.to_thread(hashed, password))
        found["admin.passwordMtime"] = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    if not (data.get("tls.crt") and data.get("tls.key")):
        pair = own_certificate(clock)
        found["tls.crt"], found["tls.key"] = pair.certificate.decode(), pair.key.decode()
    return found, password


def own_certificate(clock: Clock) -> KeyPair:
    now = clock.now()
    authority = make_authority(now, AUTHORITY_NAME)
    pair = issue_serving(authority, now, ("argocd-server", "argocd-server.argocd", "argocd-server.argocd.svc"))
    return KeyPair(pair.certificate + authority.certificate, pair.key)


async def _tell_password(client: Client, namespace: str, password: str) -> None:
    metadata = {"name": INITIAL, "namespace": namespace}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "Opaque",
        "data": _coded({"password": password}),
    }
    try:
        await client.write(requests.create(SECRETS, body))
    except StatusError as error:
        if not error.is_already_exists:
            raise
        await client.write(requests.patch(SECRETS, Key(namespace, INITIAL), {"data": body["data"]}, PatchType.MERGE))


def _coded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
