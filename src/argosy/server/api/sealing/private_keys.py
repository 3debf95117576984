"""New sealing keys, a backup of all, and restoring one. A private key leaves the server encrypted only.

Rights: `objects, action/create-key`, `action/backup-keys` and `action/restore-keys` on `/Secret/<namespace>/<prefix>`,
such as `/Secret/kube-system/sealed-secrets-key`: who has one of the last two can decrypt everything, or decide what
decrypts. Each call is recorded; no key is in a record, an error or a log.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypedDict

import orjson

from argosy.machinery import requests
from argosy.machinery.status import StatusError
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import RIGHTS
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, failed_precondition, invalid

MANAGER: Final = "argosy-keys"
MOST_HOURS: Final = 876_000
"""A hundred years."""
MOST_KEYS: Final = 1000
"""Keys of one backup: eighty years of them with the default period."""


INVALID: Final = 422
"""The API server refuses this object, such as for its name."""


class WantedKey(TypedDict):
    """`bits` of the RSA key; `hours` for which its certificate is valid."""

    bits: int
    hours: int


class MadeSealingKey(TypedDict):
    """`name` of the Secret."""

    name: str


class BackupRecipient(TypedDict):
    """`recipient` is an age public key, `age1...`."""

    recipient: str


class EncryptedBackup(TypedDict):
    """`encrypted`: base64 of a List of `count` key Secrets, in the age format."""

    count: int
    encrypted: str


class BackupToRestore(TypedDict):
    """`keys`: the key Secrets of a backup."""

    keys: Any


class RestoredKeys(TypedDict):
    """`refused`: the reason for each that is not a readable key. No existing key is changed."""

    restored: int
    present: int
    refused: list[str]


def private_key_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    keys = PrivateKeys(context)
    needs = within(RIGHTS, "action", mutates=True)
    return (
        Endpoint(
            method="POST",
            path="/sealing/keys",
            summary="Generate a key that seals from now on",
            needs=needs,
            takes=WantedKey,
            answers=MadeSealingKey,
            answer=keys.make,
        ),
        Endpoint(
            method="POST",
            path="/sealing/keys/backup",
            summary="All keys, encrypted for a recipient",
            needs=needs,
            takes=BackupRecipient,
            answers=EncryptedBackup,
            answer=keys.back_up,
        ),
        Endpoint(
            method="POST",
            path="/sealing/keys/restore",
            summary="Add the keys of a backup that do not exist",
            needs=needs,
            takes=BackupToRestore,
            answers=RestoredKeys,
            answer=keys.restore,
        ),
    )


class PrivateKeys:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._is_making = False

    async def make(self, request: ApiRequest) -> MadeSealingKey:
        from argosy.sealing.adapters.keymaking import RealKeys
        from argosy.sealing.ports import MakeKey
        from argosy.sealing.renewal import key_secret
        from argosy.sealing.settings import KEY_SIZES

        settings = self._permitted(request, "create-key")
        bits, hours = request.body["bits"], request.body["hours"]
        if bits not in KEY_SIZES:
            raise invalid(f"body.bits: {bits} is none of {', '.join(map(str, KEY_SIZES))}")
        if not 1 <= hours <= MOST_HOURS:
            raise invalid(f"body.hours: {hours} is not between 1 and {MOST_HOURS}")
        if self._is_making:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "another key is being generated: try again later")
        self._is_making = True
        try:
            now = self._context.clock.now()
            question = MakeKey(bits, settings.common_name, now, now + timedelta(hours=hours))
            secret = key_secret(settings, await RealKeys(self._context.rng.token_bytes).make(question))
        finally:
            self._is_making = False
        await self._create(secret)
        return {"name": secret["metadata"]["name"]}

    async def back_up(self, request: ApiRequest) -> EncryptedBackup:
        from argosy.sealing.backup import backed_up
        from argosy.server.api.sealing.key_secrets import key_secrets

        settings = self._permitted(request, "backup-keys")
        encrypt = _encryption(request.body["recipient"])
        held = await key_secrets(self._context.client, settings, retired=True)
        if not held:
            raise failed_precondition(f"no sealing keys in namespace {settings.namespace!r}")
        data = await asyncio.to_thread(encrypt, orjson.dumps(backed_up(held)))
        return {"count": len(held), "encrypted": base64.b64encode(data).decode()}

    async def restore(self, request: ApiRequest) -> RestoredKeys:
        from argosy.sealing.backup import checked
        from argosy.sealing.keyring import UnreadableKey

        settings = self._permitted(request, "restore-keys")
        keys = request.body["keys"]
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise invalid(f"body.keys: a list of at most {MOST_KEYS} Secrets would be right")
        made = present = 0
        refused: list[str] = []
        for at, obj in enumerate(keys):
            try:
                secret = await asyncio.to_thread(checked, obj, settings)
            except UnreadableKey as error:
                refused.append(f"keys[{at}]: {error}")
                continue
            try:
                await self._create(secret)
                made += 1
            except StatusError as error:
                if error.is_already_exists:
                    present += 1
                elif error.code == INVALID:
                    refused.append(f"keys[{at}]: {error.message}")
                else:
                    raise
        return {"restored": made, "present": present, "refused": refused}

    def _permitted(self, request: ApiRequest, action: str) -> Any:
        """The controller's settings. Raises ApiError."""
        from argosy.sealing.settings import settings_of
        from argosy.server.api.sealing.key_secrets import target_of_keys

        settings = settings_of(self._context.environ)
        request.call.permit(RIGHTS, f"action/{action}", target_of_keys(settings))
        return settings

    async def _create(self, secret: dict[str, Any]) -> None:
        from argosy.server.api.sealing.key_secrets import SECRETS

        await self._context.client.write(requests.create(SECRETS, secret, manager=MANAGER))


def _encryption(recipient: str) -> Any:
    """Raises ApiError."""
    import pyrage

    try:
        return partial(_encrypted, pyrage.x25519.Recipient.from_str(recipient))
    except pyrage.RecipientError:
        raise invalid("body.recipient: an age public key that begins with age1 would be right") from None


def _encrypted(recipient: Any, data: bytes) -> bytes:
    import pyrage

    return bytes(pyrage.encrypt(data, [recipient]))
