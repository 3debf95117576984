"""The sealing keys of a cluster, or of a server that one is signed in to; commands use either through `SealingKeys`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol

import orjson

from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import Server
from argosy.cli.rooms.sealing_service import settings
from argosy.cli.seal.controller import SEALING
from argosy.machinery.objects import JsonObject, resource_of
from argosy.machinery.requests import List, create
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.sealing.adapters.keymaking import RealKeys
from argosy.sealing.backup import backed_up, belongs_to_backup
from argosy.sealing.keyring import is_key_secret, key_ring
from argosy.sealing.ports import MakeKey
from argosy.sealing.renewal import key_secret

SECRETS: Final = resource_of(Secret)
MANAGER: Final = "argosy-keys"


class KeyRow(NamedTuple):
    name: str
    since: str
    until: str
    bits: str
    use: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Restored:
    """`refused`: the reasons, which quote nothing of a key."""

    made: int
    present: int
    refused: Sequence[str] = ()


class SealingKeys(Protocol):
    """Raises CommandError."""

    async def rows(self) -> list[KeyRow]:
        """Oldest first."""
        ...

    async def make(self, bits: int, hours: int) -> str:
        """The name of the new key's Secret."""
        ...

    async def backup(self) -> tuple[int, bytes]:
        """How many keys, and the List of them in clear: for encryption in memory only."""
        ...

    async def restore(self, secrets: Sequence[JsonObject]) -> Restored:
        """Adds keys that do not exist; none is replaced, and none is deleted."""
        ...


class ClustersKeys:
    """The key Secrets in the controller's namespace."""

    def __init__(self, client: HttpClient, clock: Clock, namespace: str) -> None:
        self._client, self._clock, self._namespace = client, clock, namespace

    async def rows(self) -> list[KeyRow]:
        prefix = settings({}).key_prefix
        held = [obj for obj in await self._secrets() if is_key_secret(*_marks(obj), prefix)]
        ring = key_ring(read(Secret, obj) for obj in held)
        rows = [
            KeyRow(
                key.name,
                seconds(key.key.certificate.not_valid_before_utc),
                seconds(key.key.certificate.not_valid_after_utc),
                f"{key.key.private.key_size}",
                "seals" if key is ring.newest else "opens",
                key.key.fingerprint,
            )
            for key in ring.keys
        ]
        return [*rows, *map(_unreadable, ring.unreadable)]

    async def make(self, bits: int, hours: int) -> str:
        found = settings({"SEALED_SECRETS_CONTROLLER_NAMESPACE": self._namespace})
        now = self._clock.now()
        question = MakeKey(bits, found.common_name, now, now + timedelta(hours=hours))
        secret = key_secret(found, await RealKeys(SystemRng().token_bytes).make(question))
        await self._client.write(create(Secret, secret, manager=MANAGER))
        return str(secret["metadata"]["name"])

    async def backup(self) -> tuple[int, bytes]:
        prefix = settings({}).key_prefix
        held = [obj for obj in await self._secrets() if belongs_to_backup(*_marks(obj), prefix)]
        if not held:
            raise CommandError(f"no sealing keys in namespace {self._namespace!r}")
        return len(held), orjson.dumps(backed_up(held))

    async def restore(self, secrets: Sequence[JsonObject]) -> Restored:
        made = 0
        for obj in secrets:
            made += await self._created(obj)
        return Restored(made, len(secrets) - made)

    async def _secrets(self) -> Sequence[JsonObject]:
        return (await self._client.page(List(resource=SECRETS, namespace=self._namespace))).items

    async def _created(self, obj: JsonObject) -> bool:
        try:
            await self._client.write(create(Secret, obj, manager=MANAGER))
        except StatusError as error:
            if not error.is_already_exists:
                raise
            return False
        return True


class ServersKeys:
    """The server's own settings name the controller. Private keys come encrypted for a key pair of this process."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def rows(self) -> list[KeyRow]:
        found = await self._server.call("GET", f"{SEALING}/keys")
        keys = [
            KeyRow(
                one["name"],
                one["notBefore"],
                one["notAfter"],
                str(one["bits"]),
                "seals" if one["seals"] else "opens",
                one["fingerprint"],
            )
            for one in reversed(found["keys"])
        ]
        return [*keys, *map(_unreadable, found["unreadable"])]

    async def make(self, bits: int, hours: int) -> str:
        return str((await self._server.call("POST", f"{SEALING}/keys", {"bits": bits, "hours": hours}))["name"])

    async def backup(self) -> tuple[int, bytes]:
        import pyrage

        identity = pyrage.x25519.Identity.generate()
        question = {"recipient": str(identity.to_public())}
        found = await self._server.call("POST", f"{SEALING}/keys/backup", question)
        try:
            data = bytes(pyrage.decrypt(base64.b64decode(found["encrypted"], validate=True), [identity]))
        except (pyrage.DecryptError, ValueError):
            raise CommandError("the server's answer cannot be decrypted", Exit.CALL_FAILED) from None
        return int(found["count"]), data

    async def restore(self, secrets: Sequence[JsonObject]) -> Restored:
        """Only through TLS: nothing else encrypts the keys on their way."""
        if not self._server.sign_in.url.startswith("https://"):
            raise CommandError(f"{self._server.sign_in.name}: keys are sent through TLS only, without --plaintext")
        found: Any = await self._server.call("POST", f"{SEALING}/keys/restore", {"keys": list(secrets)})
        return Restored(int(found["restored"]), int(found["present"]), tuple(map(str, found["refused"])))


def _marks(obj: JsonObject) -> tuple[dict[str, str], str]:
    return obj["metadata"].get("labels") or {}, obj["metadata"]["name"]


def _unreadable(name: str) -> KeyRow:
    return KeyRow(name, "", "", "", "unreadable", "")
