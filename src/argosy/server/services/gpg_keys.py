"""gpgkey.GPGKeyService: the trusted signers. The gpg program parses keys, in a keyring that exists for one call."""

from __future__ import annotations

import asyncio
import re
import subprocess
import tempfile
from collections.abc import Callable
from typing import Final

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call, Route, right
from argosy.server.configuration import CONFIG_MAPS
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid, unknown

SERVICE: Final = "gpgkey.GPGKeyService"
KEYS: Final = "argocd-gpg-keys-cm"
SECONDS: Final = 20.0
MAX_BYTES: Final = 256 * 1024
KEY_ID: Final = re.compile(r"[0-9A-F]{16}")
TRUST: Final = {"u": "ultimate", "f": "full", "m": "marginal", "n": "never"}
KINDS: Final = {"1": "rsa", "17": "dsa", "18": "ecdh", "19": "ecdsa", "22": "ed25519"}


def gpg_key_routes(context: ServerContext) -> dict[str, Route]:
    service = GpgKeys(context)

    def route(action: str, unary: Callable[..., object], *, mutates: bool = False) -> Route:
        return Route(needs=right("gpgkeys", action, lambda request: "", mutates=mutates), unary=unary)  # type: ignore[arg-type]

    return {
        f"{SERVICE}/List": route("get", service.list_all),
        f"{SERVICE}/Get": route("get", service.get),
        f"{SERVICE}/Create": route("create", service.create, mutates=True),
        f"{SERVICE}/Delete": route("delete", service.delete, mutates=True),
    }


class GpgKeys:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def list_all(self, call: Call) -> JsonObject:
        found = await self._read("\n".join(self._stored().values()))
        items = [{key: value for key, value in item.items() if key != "keyData"} for item in found]
        return {"items": sorted(items, key=lambda item: str(item["keyID"])) or None}

    async def get(self, call: Call) -> JsonObject:
        asked = str(call.request.get("keyID") or "")
        key_id = short(asked)
        if not KEY_ID.fullmatch(key_id):
            raise unknown(f"'{asked}' is not a valid GnuPG key ID")
        text = self._stored().get(key_id)
        found = await self._read(text) if text else []
        if not found:
            raise unknown(f"no such key: {asked}")
        return found[0]

    async def create(self, call: Call) -> JsonObject:
        given = call.request.get("publickey") or {}
        text = str(given.get("keyData") or "")
        if not text.strip():
            raise invalid("publickey.keyData: Submitted key data is empty")
        if len(text) > MAX_BYTES:
            raise invalid(f"publickey.keyData: it is larger than {MAX_BYTES} bytes")
        found = await self._read(text)
        if not found:
            raise unknown("No valid GnuPG keys found in the given data")
        stored = self._stored()
        fresh = [item for item in found if item["keyID"] not in stored]
        if fresh:
            await self._write(lambda data: {**data, **{item["keyID"]: item["keyData"] for item in fresh}})
        skipped = [item["keyID"] for item in found if item["keyID"] in stored]
        return {"created": {"items": fresh or None}, "skipped": skipped}

    async def delete(self, call: Call) -> JsonObject:
        given = str(call.request.get("keyID") or "")
        if not given:
            raise invalid("keyID: empty or missing")
        if short(given) not in self._stored():
            raise unknown(f"No such key configured: {given}")
        await self._write(lambda data: {key: text for key, text in data.items() if key != short(given)})
        return {}

    def _stored(self) -> dict[str, str]:
        return dict(self._context.configuration.config_map(KEYS))

    async def _read(self, text: str) -> list[JsonObject]:
        return await self._context.clock.external(asyncio.to_thread(_listed, text)) if text.strip() else []

    async def _write(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        client, namespace = self._context.client, self._context.namespace
        for _ in range(5):
            try:
                found = await client.get(requests.Get(CONFIG_MAPS, Key(namespace, KEYS)))
            except StatusError as error:
                if not error.is_not_found:
                    raise
                metadata = {"name": KEYS, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "argocd"}}
                found = await client.write(
                    requests.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
                )
            before = found.get("data") or {}
            patch = {
                "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
                "data": {**dict.fromkeys(before), **change(dict(before))},
            }
            try:
                made = await client.write(requests.patch(CONFIG_MAPS, Key(namespace, KEYS), patch, PatchType.MERGE))
            except StatusError as error:
                if not error.is_conflict:
                    raise
                continue
            await self._seen(int(made["metadata"]["resourceVersion"]))
            return
        raise ApiError(Code.ABORTED, f"{KEYS} is being changed by others: try again")

    async def _seen(self, version: int) -> None:
        for _ in range(200):
            found = self._context.configuration.config_object(KEYS) or {}
            if int((found.get("metadata") or {}).get("resourceVersion") or 0) >= version:
                return
            await self._context.clock.sleep(0.01)


def short(key_id: str) -> str:
    """The last sixteen digits, which identify keys."""
    return key_id.removeprefix("0x").upper()[-16:]


def _listed(text: str) -> list[JsonObject]:
    """Every key in the text, each in its own armoured form. Raises ApiError."""
    with tempfile.TemporaryDirectory(prefix="argosy-gpg-") as home:
        _run(home, "--import", given=text, may_fail=True)
        found = _parsed(_run(home, "--list-keys", "--with-colons", "--fixed-list-mode"))
        for item in found:
            item["keyData"] = _run(home, "--export", "--armor", str(item["fingerprint"])).rstrip("\n")
        return found


def _run(home: str, *arguments: str, given: str = "", may_fail: bool = False) -> str:
    words = ["gpg", "--homedir", home, "--no-options", "--batch", "--no-tty", "--no-auto-key-locate", *arguments]
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C", "GNUPGHOME": home}
    try:
        done = subprocess.run(
            words, input=given.encode(), capture_output=True, timeout=SECONDS, env=environment, check=False
        )
    except FileNotFoundError:
        raise unknown("keys cannot be read: the gpg program is not installed") from None
    except subprocess.TimeoutExpired:
        raise unknown(f"keys cannot be read: gpg took more than {SECONDS:g} seconds") from None
    if done.returncode and not may_fail:
        raise unknown("keys cannot be read: gpg failed")
    return done.stdout.decode(errors="replace")


def _parsed(listing: str) -> list[JsonObject]:
    """Parses the output of `--list-keys --with-colons`."""
    found: list[JsonObject] = []
    for line in listing.splitlines():
        fields = line.split(":")
        if fields[0] == "pub":
            kind = KINDS.get(fields[3], f"algorithm{fields[3]}")
            kind += fields[2] if kind in ("rsa", "dsa") else ""
            found.append({"keyID": fields[4], "trust": TRUST.get(fields[8], "unknown"), "subType": kind})
        elif fields[0] == "fpr" and found and "fingerprint" not in found[-1]:
            found[-1]["fingerprint"] = fields[9]
        elif fields[0] == "uid" and found and "owner" not in found[-1]:
            found[-1]["owner"] = fields[9]
    return [item for item in found if item.get("fingerprint")]
