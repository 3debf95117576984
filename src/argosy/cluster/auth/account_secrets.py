"""Fills Secrets of type `kubernetes.io/service-account-token`, as kube-controller-manager's token controller does.

The token is bound to its Secret, so that deleting the Secret invalidates the token; it has no expiry. A missing
account is waited for: its creation is a commit, too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from argosy.cluster.auth.tokens import Bound, ServiceAccountTokens
from argosy.cluster.kind import Reader
from argosy.cluster.ports import Clock
from argosy.cluster.store import Change
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError

SECRETS: Final = Resource("", "v1", "secrets", "Secret")
TYPE: Final = "kubernetes.io/service-account-token"
NAME: Final = "kubernetes.io/service-account.name"
UID: Final = "kubernetes.io/service-account.uid"
SECONDS: Final = 100 * 365 * 86_400


class Writing(Protocol):
    async def write(self, write: Write) -> JsonObject: ...


class AccountSecrets:
    """`observe` receives commits; the resulting writes are done by `spawn`ed work."""

    def __init__(
        self,
        tokens: ServiceAccountTokens,
        reader: Reader,
        client: Writing,
        clock: Clock,
        authority: bytes,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._tokens, self._reader, self._client, self._clock = tokens, reader, client, clock
        self._authority, self._spawn = authority, spawn
        self._waiting: dict[Key, set[Key]] = {}
        """Secrets whose account does not exist yet, by account."""

    def begin(self, secrets: Iterable[JsonObject]) -> None:
        """Also processes the Secrets that already exist."""
        for secret in secrets:
            self._look(secret)

    def observe(self, changes: Sequence[Change]) -> None:
        for change in changes:
            obj = change.new.obj if change.new is not None else None
            if obj is None or obj.get("apiVersion") != "v1":
                continue
            if obj.get("kind") == "Secret" and obj.get("type") == TYPE:
                self._look(obj)
            elif obj.get("kind") == "ServiceAccount" and change.old is None:
                self._account_came(Key(obj["metadata"]["namespace"], obj["metadata"]["name"]))

    def _account_came(self, account: Key) -> None:
        for key in sorted(self._waiting.pop(account, ())):
            if (secret := self._reader.get("", "secrets", key.namespace, key.name)) is not None:
                self._look(secret)

    def _look(self, secret: JsonObject) -> None:
        metadata = secret["metadata"]
        account = (metadata.get("annotations") or {}).get(NAME)
        if not account or (secret.get("data") or {}).get("token") or metadata.get("deletionTimestamp"):
            return
        key = Key(metadata["namespace"], account)
        found = self._reader.get("", "serviceaccounts", key.namespace, key.name)
        if found is None:
            self._waiting.setdefault(key, set()).add(Key(key.namespace, metadata["name"]))
            return
        self._spawn(self._filled(secret, found))

    async def _filled(self, secret: JsonObject, account: JsonObject) -> None:
        """A Secret that changed meanwhile or is refused is retried with its own next commit, or at the next start."""
        own, owner = secret["metadata"], account["metadata"]
        bound = Bound("Secret", own["name"], own["uid"])
        token = self._tokens.issue(
            own["namespace"], owner["name"], owner["uid"], self._clock.now(), SECONDS, bound=bound
        )
        values = {"token": token.encode(), "namespace": own["namespace"].encode(), "ca.crt": self._authority}
        patch = {
            "metadata": {
                "uid": own["uid"],
                "resourceVersion": own["resourceVersion"],
                "annotations": {UID: owner["uid"]},
            },
            "data": {name: base64.b64encode(value).decode() for name, value in values.items()},
        }
        with suppress(StatusError):
            await self._client.write(
                Write(
                    verb="patch",
                    resource=SECRETS,
                    key=Key(own["namespace"], own["name"]),
                    body=patch,
                    patch_type=PatchType.MERGE,
                    manager="kube-controller-manager",
                )
            )
