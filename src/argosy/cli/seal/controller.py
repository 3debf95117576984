"""A sealing controller: a cluster's through the API server's proxy, upstream's or Argosy's; or a server's by a sign-in.

Commands use either through `Controller`.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import orjson

from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import Server
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.objects import Key as ObjectKey
from argosy.machinery.requests import Get
from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient

SERVICES: Final = Resource("", "v1", "services", "Service")
ATTEMPTS: Final = 60
TOO_MANY: Final = 429
SEALING: Final = "/api/argosy/v1/sealing"
PAUSE: Final = 0.5
"""Seconds; a controller allows a client two requests a second."""


class NotAllowed(CommandError):
    """The caller lacks a right on this one object, or it is malformed: others may still be answered."""


class Controller(Protocol):
    """Raises CommandError."""

    async def certificate(self) -> bytes: ...

    async def verifies(self, sealed: JsonObject) -> bool:
        """Whether the controller can unseal it."""
        ...

    async def resealed(self, sealed: JsonObject) -> dict[str, str] | None:
        """New items for those sealed by an old key; None if it cannot be unsealed. Values stay with the controller."""
        ...


class ProxiedController:
    """Calls paths of the main port of its Service."""

    def __init__(self, client: HttpClient, clock: Clock, namespace: str, name: str) -> None:
        self._client, self._clock = client, clock
        self._namespace, self._name = namespace, name
        self._root = ""
        self._can_reseal = True

    async def certificate(self) -> bytes:
        status, body = await self._ask("GET", "/v1/cert.pem")
        if status != 200:
            raise self._refused("/v1/cert.pem", status)
        return body

    async def verifies(self, sealed: JsonObject) -> bool:
        status, _ = await self._ask("POST", "/v1/verify", sealed)
        if status not in (200, 409):
            raise self._refused("/v1/verify", status)
        return status == 200

    async def resealed(self, sealed: JsonObject) -> dict[str, str] | None:
        """A controller that cannot distinguish old keys from new ones re-encrypts all items."""
        bare = _bare(sealed)
        if self._can_reseal:
            status, body = await self._ask("POST", "/v1/reseal", bare)
            if status == 200:
                return _texts(orjson.loads(body).get("items"))
            if status == 409:
                return None
            self._can_reseal = status != 404
            if self._can_reseal:
                raise self._refused("/v1/reseal", status)
        status, body = await self._ask("POST", "/v1/rotate", bare)
        if status == 500:
            return None
        if status != 200:
            raise self._refused("/v1/rotate", status)
        return _texts((orjson.loads(body).get("spec") or {}).get("encryptedData"))

    async def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Retries a request that was rate limited."""
        root = self._root or await self._find()
        payload = None if body is None else orjson.dumps(body)
        for _ in range(ATTEMPTS):
            status, answer = await self._client.raw(method, root + path, payload)
            if status != TOO_MANY:
                return status, answer
            await self._clock.sleep(PAUSE)
        return TOO_MANY, b""

    async def _find(self) -> str:
        try:
            service = await self._client.get(Get(SERVICES, ObjectKey(self._namespace, self._name)))
        except StatusError as error:
            hint = "--controller-namespace and --controller-name say where it is, --cert makes a cluster unnecessary"
            raise CommandError(f"{error.message}; {hint}", Exit.CALL_FAILED) from None
        ports = (service.get("spec") or {}).get("ports") or [{}]
        port = ports[0].get("name") or ""
        self._root = SERVICES.path(self._namespace, f"http:{self._name}:{port}", "proxy")
        return self._root

    def _refused(self, path: str, status: int) -> CommandError:
        where = f"{self._namespace}/{self._name}"
        return CommandError(f"the controller {where} answered {path} with {status}", Exit.CALL_FAILED)


class SignedInController:
    """The server has its own limits: a request that exceeds them is retried."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self._server, self._clock = server, clock

    async def certificate(self) -> bytes:
        """That of the key which seals new values."""
        keys = (await self._server.call("GET", f"{SEALING}/keys")).get("keys") or ()
        found = next((str(one["certificate"]) for one in keys if one.get("seals")), "")
        if not found:
            name = self._server.sign_in.name
            raise CommandError(f"the server {name} has no sealing key yet; try again later", Exit.CALL_FAILED)
        return found.encode()

    async def verifies(self, sealed: JsonObject) -> bool:
        return bool((await self._ask("verify", sealed)).get("opens"))

    async def resealed(self, sealed: JsonObject) -> dict[str, str] | None:
        found = await self._ask("reseal", _bare(sealed))
        return _texts(found.get("items")) if found.get("opens") else None

    async def _ask(self, verb: str, sealed: JsonObject) -> Any:
        for _ in range(ATTEMPTS):
            status, found = await self._server.ask("POST", f"{SEALING}/{verb}", {"sealedSecret": sealed})
            if status != TOO_MANY:
                break
            await self._clock.sleep(PAUSE)
        if status < 300:
            return found
        kind = NotAllowed if status in (400, 403) else CommandError
        raise kind(self._server.refusal(status, found), Exit.CALL_FAILED)


def _bare(sealed: JsonObject) -> JsonObject:
    """Without the template: resealing needs none, and it may be large."""
    return {**sealed, "spec": {"encryptedData": (sealed.get("spec") or {}).get("encryptedData") or {}}}


def _texts(found: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in (found or {}).items()}
