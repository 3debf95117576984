"""`argosy keys list|new|backup|restore`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import orjson

from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.keys.backup_file import locked, unlocked
from argosy.cli.printing import table
from argosy.cli.rooms.sealing_service import settings
from argosy.cli.seal.files import write_private
from argosy.machinery.objects import JsonObject, resource_of
from argosy.machinery.requests import List, create
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.sealing.adapters.keymaking import RealKeys
from argosy.sealing.keyring import is_key_secret, key_ring
from argosy.sealing.ports import MakeKey
from argosy.sealing.renewal import key_secret
from argosy.sealing.scope import KEY_LABEL

SECRETS: Final = resource_of(Secret)
_KEPT: Final = ("name", "namespace", "labels", "annotations", "creationTimestamp")


async def _held(client: HttpClient, options: argparse.Namespace, *, retired: bool = False) -> list[JsonObject]:
    """The key Secrets; with `retired` those that were relabelled, too."""
    prefix = settings({}).key_prefix
    page = await client.page(List(resource=SECRETS, namespace=options.controller_namespace))
    found = []
    for obj in page.items:
        labels = obj["metadata"].get("labels") or {}
        if is_key_secret(labels, obj["metadata"]["name"], prefix) or (retired and KEY_LABEL in labels):
            found.append(obj)
    return found


def list_keys(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, clock: Clock) -> int:
        ring = key_ring(read(Secret, obj) for obj in await _held(client, options))
        newest = ring.newest
        rows = [
            (
                key.name,
                seconds(key.key.certificate.not_valid_before_utc),
                seconds(key.key.certificate.not_valid_after_utc),
                f"{key.key.private.key_size}",
                "seals" if key is newest else "opens",
                key.key.fingerprint,
            )
            for key in ring.keys
        ]
        rows += [(name, "", "", "", "unreadable", "") for name in ring.unreadable]
        sys.stdout.write(table(("NAME", "SINCE", "UNTIL", "BITS", "USE", "FINGERPRINT"), rows))
        return Exit.OK

    return with_client(options, work)


def new_key(options: argparse.Namespace) -> int:
    """Makes a key now, such as after a leak; values sealed before must be changed and sealed again by their owners."""
    found = settings({"SEALED_SECRETS_CONTROLLER_NAMESPACE": options.controller_namespace})

    async def work(client: HttpClient, clock: Clock) -> int:
        now = clock.now()
        question = MakeKey(options.bits, found.common_name, now, now + timedelta(hours=options.hours))
        secret = key_secret(found, await RealKeys(SystemRng().token_bytes).make(question))
        await client.write(create(Secret, secret, manager="argosy-keys"))
        print(f"secret/{secret['metadata']['name']} seals from now on")
        return Exit.OK

    return with_client(options, work)


def backup(options: argparse.Namespace) -> int:
    """Retired keys too: what they sealed may still be in Git."""

    async def work(client: HttpClient, clock: Clock) -> int:
        held = await _held(client, options, retired=True)
        if not held:
            raise CommandError(f"no sealing keys in namespace {options.controller_namespace!r}")
        data = orjson.dumps({"apiVersion": "v1", "kind": "List", "items": [_kept(obj) for obj in held]})
        write_private(options.write, locked(data, options.recipient, options.passphrase_file))
        print(f"{len(held)} keys are in {options.write}, encrypted")
        return Exit.OK

    return with_client(options, work)


def restore(options: argparse.Namespace) -> int:
    """Adds keys that are not there; none is replaced, and none is deleted."""
    try:
        data = options.file.read_bytes()
    except OSError as error:
        raise CommandError(f"{options.file}: {error.strerror or error}") from None
    secrets = _secrets_of(options, unlocked(options.file, data, options.passphrase_file, options.identity))

    async def work(client: HttpClient, clock: Clock) -> int:
        made = 0
        for obj in secrets:
            made += await _restored(client, obj)
        print(f"{made} keys restored, {len(secrets) - made} were there")
        return Exit.OK

    return with_client(options, work)


def _secrets_of(options: argparse.Namespace, data: bytes) -> Sequence[JsonObject]:
    try:
        items = json.loads(data)["items"]
        return [_placed(obj, options.controller_namespace) for obj in items]
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{options.file}: it holds no List of key Secrets") from None


def _placed(obj: JsonObject, namespace: str) -> JsonObject:
    metadata = {name: obj["metadata"][name] for name in ("name", "labels", "annotations") if obj["metadata"].get(name)}
    kept = {name: obj[name] for name in ("apiVersion", "kind", "type", "data")}
    return {**kept, "metadata": {**metadata, "namespace": namespace}}


async def _restored(client: HttpClient, obj: JsonObject) -> bool:
    try:
        await client.write(create(Secret, obj, manager="argosy-keys"))
    except StatusError as error:
        if not error.is_already_exists:
            raise
        return False
    return True


def _kept(obj: JsonObject) -> JsonObject:
    metadata = {name: obj["metadata"][name] for name in _KEPT if obj["metadata"].get(name)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": obj["type"], "data": obj["data"]}
