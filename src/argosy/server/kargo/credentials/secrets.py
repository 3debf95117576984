"""The common part of both kinds of credentials: the label, the feature switch, the endpoints for one and for lists."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import SECRETS
from argosy.promotion.names import CRED_TYPE
from argosy.server.calls import within
from argosy.server.kargo.credentials.scopes import Scope
from argosy.server.kargo.endpoint import Answer, ApiRequest, Endpoint, Reply
from argosy.server.kargo.faults import Fault, unimplemented
from argosy.server.kargo.settings import KargoSettings
from argosy.server.kargo.shapes import listed

NEEDED: Final = "secret management is not enabled"
Shown = Callable[[JsonObject], JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """`check` raises Fault for a Secret that is not such a credential."""

    word: str
    types: Collection[str]
    shown: Shown
    check: Callable[[JsonObject], None]
    new: Callable[[JsonObject, str], JsonObject]
    replaced: Callable[[JsonObject, JsonObject], JsonObject]
    """(the Secret, the body)."""
    patched: Callable[[JsonObject, JsonObject], JsonObject]
    checked_body: Callable[[JsonObject], None]
    """For a replacement; raises Fault 400."""


def endpoints_of(scope: Scope, settings: KargoSettings, sort: Sort) -> tuple[Endpoint, ...]:
    path = f"{scope.prefix}/{sort.word}"
    one = f"{path}/{{{sort.word}}}"
    room = _Room(scope, settings, sort)

    def endpoint(method: str, path: str, verb: str, answer: Answer) -> Endpoint:
        return Endpoint(method=method, path=path, needs=within("secrets", verb, mutates=method != "GET"), answer=answer)

    return (
        endpoint("GET", path, "list", room.several),
        endpoint("POST", path, "create", room.create),
        endpoint("GET", one, "get", room.one),
        endpoint("PUT", one, "update", room.replace),
        endpoint("PATCH", one, "update", room.patch),
        endpoint("DELETE", one, "delete", room.delete),
    )


@dataclass(frozen=True, slots=True)
class _Room:
    scope: Scope
    settings: KargoSettings
    sort: Sort

    async def several(self, request: ApiRequest) -> Reply:
        labels = f"{CRED_TYPE} in ({','.join(self.sort.types)})"
        items, version = await request.objects.list(SECRETS, self.scope.namespace_of(request), labels=labels)
        shown = listed((), {"resourceVersion": version})
        return Reply({**shown, "items": [self.sort.shown(one) for one in items]})

    async def one(self, request: ApiRequest) -> Reply:
        return Reply(self.sort.shown(await self._found(request)))

    async def create(self, request: ApiRequest) -> Reply:
        self._check_switch()
        made = await request.objects.create(SECRETS, self.sort.new(request.json(), self.scope.namespace_of(request)))
        return Reply(self.sort.shown(made), 201)

    async def replace(self, request: ApiRequest) -> Reply:
        self._check_switch()
        body = request.json()
        self.sort.checked_body(body)
        found = await self._found(request)
        return Reply(self.sort.shown(await request.objects.update(SECRETS, self.sort.replaced(found, body))))

    async def patch(self, request: ApiRequest) -> Reply:
        self._check_switch()
        body = request.json()
        found = await self._found(request)
        return Reply(self.sort.shown(await request.objects.update(SECRETS, self.sort.patched(found, body))))

    async def delete(self, request: ApiRequest) -> Reply:
        self._check_switch()
        await self._found(request)
        await request.objects.delete(SECRETS, self.scope.key(request, self.sort.word))
        return Reply(code=204)

    async def _found(self, request: ApiRequest) -> JsonObject:
        """Raises Fault, also if the Secret of that name is not such a credential."""
        key = self.scope.key(request, self.sort.word)
        try:
            found = await request.objects.read(SECRETS, key)
        except Fault as fault:
            if fault.code == 404:
                raise Fault(404, f'secrets "{key.name}" not found') from None  # read from the API: names the resource
            raise
        self.sort.check(found)
        return found

    def _check_switch(self) -> None:
        if not self.settings.manages_secrets:
            raise unimplemented(NEEDED)
