"""Which ServiceAccounts the claims of a provider stand for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.server.kargo.claims import SERVICE_ACCOUNTS, ClaimIndex


class Cache:
    """Of what is given."""

    def __init__(self, *objects: JsonObject) -> None:
        self._objects = objects

    async def wait_synced(self) -> None: ...

    def on_change(self, listener: Any) -> None: ...

    def list(self) -> tuple[JsonObject, ...]:
        return self._objects

    def get(self, key: Key) -> JsonObject | None:
        return None


class Caches:
    def cache(self, resource: Resource) -> Cache:
        claims = {"rbac.kargo.akuity.io/claim.email": "boss@example.com"}
        account = {"metadata": {"name": "boss", "namespace": "global", "annotations": claims}}
        return Cache(account) if resource == SERVICE_ACCOUNTS else Cache()


@pytest.mark.parametrize(
    ("more", "found"),
    [({}, {"global": ("boss",)}), ({"email_verified": True}, {"global": ("boss",)}), ({"email_verified": False}, {})],
)
def test_an_address_that_is_not_verified_identifies_nobody(more: dict[str, Any], found: dict[str, Any]) -> None:
    caches: Any = Caches()
    index = ClaimIndex(caches, ["global"])
    assert asyncio.run(index.accounts({"email": "boss@example.com", **more})) == found
