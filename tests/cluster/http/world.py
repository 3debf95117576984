"""A front over a small in-memory Api: what the HTTP tests talk to when they are not about storing objects."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from argosy.cluster.auth.authenticate import Authenticator, StaticTokens
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.auth.rbac import Rbac
from argosy.cluster.auth.reviews import Reviews
from argosy.cluster.auth.tokens import ServiceAccountTokens, make_signing_key
from argosy.cluster.catalog import Catalog
from argosy.cluster.errors import not_found
from argosy.cluster.http.front import Front
from argosy.cluster.http.wiring import Wiring
from argosy.cluster.kind import User
from argosy.cluster.kinds import builtin_kinds
from argosy.cluster.request import ApiRequest, ApiResponse, Frame
from argosy.cluster.server import ServiceHandlers
from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.clock import RealClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADMIN = {"authorization": "Bearer admin-token"}
ALICE = {"authorization": "Bearer alice-token"}


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def call_later(self, seconds: float, callback: object, *, background: bool = False) -> asyncio.TimerHandle:
        raise AssertionError("the front sets no timers")

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        assert seconds == 0, "the front does not sleep"
        await RealClock().sleep(0)

    async def external(self, work: Awaitable[Any], *, takes: float = 0.0) -> Any:
        raise AssertionError("the front does nothing outside of the loop")


class CountingRng:
    def __init__(self) -> None:
        self.count = 0

    def uuid(self) -> str:
        self.count += 1
        return f"00000000-0000-4000-8000-{self.count:012d}"

    def uniform(self, low: float, high: float) -> float:
        return low

    def suffix(self, length: int) -> str:
        return "b" * length

    def token_bytes(self, length: int) -> bytes:
        return bytes(length)

    def fork(self, name: str) -> CountingRng:
        return self


class Shelf:
    """Objects by place: the `Reader` and the `Api` of these tests. It checks nothing and defaults nothing."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str, str], JsonObject] = {}
        self.requests: list[ApiRequest] = []
        self.events: asyncio.Queue[list[Frame] | StatusError] = asyncio.Queue()
        self.open_watches = 0

    def put(self, group: str, plural: str, obj: JsonObject) -> JsonObject:
        metadata = obj["metadata"]
        metadata.setdefault("uid", f"uid-{metadata['name']}")
        self.objects[group, plural, metadata.get("namespace", ""), metadata["name"]] = obj
        return obj

    def get(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None:
        return self.objects.get((group, plural, namespace, name))

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]:
        return [
            obj
            for (found_group, found_plural, found_namespace, _), obj in self.objects.items()
            if (found_group, found_plural) == (group, plural) and namespace in ("", found_namespace)
        ]

    async def handle(self, request: ApiRequest) -> ApiResponse:
        self.requests.append(request)
        kind, resource = request.kind, request.kind.resource
        if request.verb == "list":
            items = [*self.list(resource.group, resource.plural, request.namespace)]
            body = {"kind": kind.list_kind, "apiVersion": resource.api_version, "metadata": {"resourceVersion": "7"}}
            return ApiResponse(200, {**body, "items": items})
        if request.verb == "create":
            request.body.setdefault("metadata", {}).setdefault("namespace", request.namespace)
            return ApiResponse(201, self.put(resource.group, resource.plural, request.body), ("be careful",))
        found = self.get(resource.group, resource.plural, request.namespace, request.name)
        if found is None:
            raise request.deny_create or not_found(resource, request.name)
        return ApiResponse(200, found, encoded=orjson.dumps(found))

    async def watch(self, request: ApiRequest) -> AsyncIterator[builtins.list[Frame]]:
        self.requests.append(request)
        if request.options.label_selector == "bad bad":
            raise StatusError(400, "BadRequest", "unable to parse requirement")
        self.open_watches += 1
        try:
            while True:
                batch = await self.events.get()
                if isinstance(batch, StatusError):
                    raise batch
                if not batch:
                    return
                yield batch
        finally:
            self.open_watches -= 1

    def happen(self, event: WatchEvent) -> None:
        self.events.put_nowait([Frame(event, orjson.dumps(event.object))])


class SmallWorld:
    def __init__(self, **extra: object) -> None:
        self.clock = TestClock()
        self.rng = CountingRng()
        self.shelf = Shelf()
        self.rbac = Rbac()
        for obj in bootstrap_objects():
            plural = "clusterroles" if obj["kind"] == "ClusterRole" else "clusterrolebindings"
            self.rbac.observe("rbac.authorization.k8s.io", plural, None, obj)
        self.tokens = StaticTokens({"admin-token": User("root", ("system:masters",)), "alice-token": User("alice")})
        self.accounts = ServiceAccountTokens(make_signing_key(), self.shelf, self.rng)
        self.catalog = Catalog(builtin_kinds())
        self.backends = ServiceHandlers()
        self.authenticator = Authenticator(verifiers=[self.tokens], accounts=self.accounts)
        self.wiring = Wiring(
            api=self.shelf,
            kinds=self.catalog,
            reader=self.shelf,
            clock=self.clock,
            authenticator=self.authenticator,
            authorizer=self.rbac,
            reviews=Reviews(self.rbac, self.shelf, self.accounts, (self.tokens,)),
            accounts=self.accounts,
            backends=self.backends,
            **extra,  # type: ignore[arg-type]
        )
        self.front = Front(self.wiring)

    def configmap(self, name: str = "a", namespace: str = "default") -> JsonObject:
        obj: JsonObject = {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "resourceVersion": "5",
                "creationTimestamp": "2026-01-01T11:59:50Z",
            },
            "data": {"k": "v"},
        }
        return self.shelf.put("", "configmaps", obj)

    def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: object = b""
    ) -> tuple[int, dict[str, list[str]], bytes]:
        """One request as the administrator unless `headers` say otherwise; the answer must not be a stream."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        sent = {**ADMIN, **(headers or {})}
        status, received, answer = asyncio.run(self.front.send(method, path, sent, raw))
        assert isinstance(answer, bytes)
        return status, received, answer

    def json(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: object = b""
    ) -> tuple[int, JsonObject]:
        status, _, answer = self.send(method, path, headers, body)
        return status, orjson.loads(answer)
