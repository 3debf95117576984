"""API tokens: Secrets of a role's ServiceAccount, whose token clients send. Source: spec/kargo-api.md 4."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import SECRETS
from argosy.promotion.names import MANAGED
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, text
from argosy.server.kargo.faults import Fault, conflict, invalid
from argosy.server.kargo.roles.escalation import ACCOUNT_NAME, TOKEN_TYPE, check_account
from argosy.server.kargo.roles.gathering import parts_of
from argosy.server.kargo.roles.view import is_managed
from argosy.server.kargo.settings import KargoSettings
from argosy.server.kargo.shapes import plain

API_TOKEN: Final = "rbac.kargo.akuity.io/api-token"  # noqa: S105  # a label's name
REDACTED: Final = base64.b64encode(b"*** REDACTED ***").decode()
TRIES: Final = 20
PAUSE_SECONDS: Final = 0.25


def token_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (
        *Tokens(context, settings, lambda request: request.project, system=False).endpoints("/projects/{project}"),
        *Tokens(context, settings, lambda _: settings.namespace, system=True).endpoints("/system"),
    )


class Tokens:
    def __init__(
        self,
        context: ServerContext,
        settings: KargoSettings,
        namespace_of: Callable[[ApiRequest], str],
        *,
        system: bool,
    ) -> None:
        self._context, self._settings, self._namespace_of, self._system = context, settings, namespace_of, system

    def endpoints(self, prefix: str) -> tuple[Endpoint, ...]:
        path = f"{prefix}/api-tokens"
        one = f"{path}/{{apitoken}}"
        made = f"{prefix}/roles/{{role}}/api-tokens"
        return (
            Endpoint(method="POST", path=made, needs=within("secrets", "create", mutates=True), answer=self._create),
            Endpoint(method="GET", path=path, needs=within("secrets", "list"), answer=self._several),
            Endpoint(method="GET", path=one, needs=within("secrets", "get"), answer=self._one),
            Endpoint(method="DELETE", path=one, needs=within("secrets", "delete", mutates=True), answer=self._delete),
        )

    async def _create(self, request: ApiRequest) -> Reply:
        """The only answer that contains a token: for a role whose rights the caller holds."""
        name, role, namespace = text(request.json(), "name"), request.path["role"], self._namespace_of(request)
        if not name:
            raise invalid("name should not be empty")
        parts = await parts_of(self._context, request, namespace, role, system=self._system)
        await check_account(self._context, request, namespace, role, self._settings.global_namespaces)
        await request.objects.create(SECRETS, token_secret(namespace, name, parts.account))
        for _ in range(TRIES):
            found = await request.objects.read(SECRETS, Key(namespace, name))
            if (found.get("data") or {}).get("token"):
                return Reply(plain(found, kind=False), 201)
            await self._context.clock.sleep(PAUSE_SECONDS)
        where = f'token Secret "{name}" in namespace "{namespace}"'
        raise Fault(503, f"error while waiting for {where} to be populated: did not find token data")

    async def _several(self, request: ApiRequest) -> Reply:
        role, namespace = request.one("role"), self._namespace_of(request)
        if role:
            await parts_of(self._context, request, namespace, role, system=self._system)
        found, _ = await request.objects.list(SECRETS, namespace, labels=f"{API_TOKEN}=true")
        shown = [redacted(one) for one in found if is_token(one) and role in ("", _role_of(one))]
        return Reply({"metadata": {}, "items": shown})

    async def _one(self, request: ApiRequest) -> Reply:
        found = await self._found(request)
        if not is_token(found):
            raise invalid(f"{_place(found)} is not labeled as a Kargo API token")
        return Reply(redacted(found))

    async def _delete(self, request: ApiRequest) -> Reply:
        found = await self._found(request)
        why = ""
        if found.get("type") != TOKEN_TYPE:
            why = "is not a service account token"
        elif not _role_of(found):
            why = "is missing the service account annotation"
        elif not is_token(found):
            why = "is not labeled as a Kargo API token"
        elif not is_managed(found):
            why = "is not annotated as Kargo-managed"
        if why:
            name = request.path["apitoken"]
            raise conflict(f'Operation cannot be fulfilled on secrets "{name}": {_place(found)} {why}')
        await request.objects.delete(SECRETS, Key(self._namespace_of(request), request.path["apitoken"]))
        return Reply(code=204)

    async def _found(self, request: ApiRequest) -> JsonObject:
        """Raises Fault."""
        namespace, name = self._namespace_of(request), request.path["apitoken"]
        try:
            return await request.objects.read(SECRETS, Key(namespace, name))
        except Fault as fault:
            why = f'secrets "{name}" not found' if fault.code == 404 else fault.message
            where = f'error getting token Secret "{name}" in namespace "{namespace}"'
            raise Fault(fault.code, f"{where}: {why}") from None


def token_secret(namespace: str, name: str, account: JsonObject) -> JsonObject:
    """Deleted together with the account."""
    owner = account["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": TOKEN_TYPE,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {API_TOKEN: "true"},
            "annotations": {ACCOUNT_NAME: owner["name"], MANAGED: "true"},
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "ServiceAccount", "name": owner["name"], "uid": owner["uid"]}
            ],
        },
    }


def is_token(secret: JsonObject) -> bool:
    labels = secret["metadata"].get("labels") or {}
    return secret.get("type") == TOKEN_TYPE and labels.get(API_TOKEN) == "true"


def redacted(secret: JsonObject) -> JsonObject:
    shown = plain(secret, kind=False)
    data = shown.get("data")
    return {**shown, "data": {**data, "token": REDACTED}} if data and "token" in data else shown


def _role_of(secret: JsonObject) -> str:
    return str((secret["metadata"].get("annotations") or {}).get(ACCOUNT_NAME) or "")


def _place(secret: JsonObject) -> str:
    metadata = secret["metadata"]
    return f'Kubernetes Secret "{metadata["name"]}" in namespace "{metadata["namespace"]}"'
