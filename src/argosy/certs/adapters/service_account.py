"""A ServiceAccount's token, for external services that trust the API server's tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argosy.machinery.objects import JsonObject, Resource, key_of
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
SECONDS: Final = 600
"""The shortest lifetime that the API server allows: the token is used at once, and once."""


class NoToken(Exception):
    """The API server issued no token; the message says for whom and why."""


async def token_of(client: Client, namespace: str, name: str, audiences: Iterable[str]) -> str:
    """Raises NoToken."""
    body: JsonObject = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"audiences": list(audiences), "expirationSeconds": SECONDS},
    }
    write = Write(verb="create", resource=ACCOUNTS, key=key_of(body), body=body, subresource="token")
    try:
        answer = await client.write(write)
    except StatusError as error:
        raise NoToken(f"no token of ServiceAccount {namespace}/{name}: {error.code} {error.reason}") from None
    return str((answer.get("status") or {}).get("token") or "")
