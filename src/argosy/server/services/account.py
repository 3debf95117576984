"""account.AccountService: local accounts, their passwords and tokens, and permission queries."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import re2

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call, Caller, Route, sign_in, within
from argosy.server.configuration import SECRET, SECRETS, decoded
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid, not_found, unknown
from argosy.server.permissions.policy import ACTIONS, RESOURCES, SCOPED
from argosy.server.services.settings import password_pattern
from argosy.server.sessions.accounts import API_KEY, Account, Token, accounts_of, prefix_of, tokens_text
from argosy.server.sessions.passwords import MAX_PASSWORD, account_json, hashed
from argosy.server.sessions.tokens import ISSUER, seconds_of

SERVICE: Final = "account.AccountService"
FOREIGN_TOKEN_SECONDS: Final = 300
TRIES: Final = 5
FAILED: Final = "failed to update account with new token: "


def account_routes(context: ServerContext) -> dict[str, Route]:
    service = Accounts(context)
    return {
        f"{SERVICE}/CanI": Route(needs=sign_in(), unary=service.can_i),
        f"{SERVICE}/UpdatePassword": Route(needs=sign_in(mutates=True), unary=service.update_password),
        f"{SERVICE}/ListAccounts": Route(needs=within("accounts", "get"), unary=service.list_all),
        f"{SERVICE}/GetAccount": Route(needs=within("accounts", "get"), unary=service.get),
        f"{SERVICE}/CreateToken": Route(needs=within("accounts", "update", mutates=True), unary=service.create_token),
        f"{SERVICE}/DeleteToken": Route(needs=within("accounts", "update", mutates=True), unary=service.delete_token),
    }


def is_own(caller: Caller, name: str) -> bool:
    return caller.claims.get("iss") == ISSUER and caller.subject.name == name and bool(name)


class Accounts:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def can_i(self, call: Call) -> JsonObject:
        request = call.request
        resource, action = request.get("resource") or "", request.get("action") or ""
        if action not in ACTIONS:
            raise invalid(f"[{' '.join(ACTIONS)}] does not contain {action}")
        if resource not in RESOURCES:
            raise invalid(f"[{' '.join(RESOURCES)}] does not contain {resource}")
        if action == "rollback" and not self._context.configuration.flag("server.rbac.rollback.enforce.enable"):
            action = "sync"
        target = request.get("subresource") or ""
        if resource in SCOPED:
            parts = target.split("/")
            if len(parts) == 3 and parts[1] == self._context.namespace:
                target = f"{parts[0]}/{parts[2]}"
        return {"value": "yes" if call.may(resource, action, target) else "no"}

    async def list_all(self, call: Call) -> JsonObject:
        found = self._context.authentication.accounts.values()
        items = [account_json(item) for item in found if self._may(call, "get", item.name)]
        call.checked = True
        return {"items": items}

    async def get(self, call: Call) -> JsonObject:
        name = call.request.get("name") or ""
        self._permit(call, "get", name)
        return account_json(self._account(name))

    async def create_token(self, call: Call) -> JsonObject:
        request, authentication = call.request, self._context.authentication
        name = request.get("name") or ""
        self._permit(call, "update", name)
        account = self._account(name)
        token_id, seconds = request.get("id") or authentication.new_id(), int(request.get("expiresIn") or 0)
        if seconds < 0:
            raise invalid(f"expiresIn: {seconds} is negative; 0 means that the token does not expire")
        now = int(self._context.clock.now().timestamp())

        def added(present: Account) -> Account:
            if present.has_token(token_id):
                raise unknown(f"{FAILED}account already has token with id '{token_id}'")
            if API_KEY not in present.capabilities:
                raise unknown(f"{FAILED}account '{name}' does not have {API_KEY} capability")
            token = Token(token_id, now, now + seconds if seconds else 0)
            return replace(present, tokens=(*present.tokens, token))

        await self._change(account.name, added)
        return {"token": authentication.issue(f"{name}:{API_KEY}", seconds, token_id)}

    async def delete_token(self, call: Call) -> JsonObject:
        name, token_id = call.request.get("name") or "", call.request.get("id") or ""
        self._permit(call, "update", name)

        def removed(present: Account) -> Account:
            if not present.has_token(token_id):
                raise not_found(f"token with id '{token_id}' does not exist")
            return replace(present, tokens=tuple(item for item in present.tokens if item.id != token_id))

        self._account(name)
        await self._change(name, removed)
        return {}

    async def update_password(self, call: Call) -> JsonObject:
        request, caller, context = call.request, call.caller, self._context
        given, own = request.get("name") or "", caller.subject.name
        name, local = given or own, caller.claims.get("iss") == ISSUER
        if name != own or not local:
            call.permit("accounts", "update", given)
        if local and not given and caller.subject.is_project_token:
            raise invalid(f'password can only be changed for local users, not user "{own}"')
        if local:
            await self._check_own(own, request.get("currentPassword") or "", call.peer)
        elif context.clock.now().timestamp() - (seconds_of(dict(caller.claims), "iat") or 0) > FOREIGN_TOKEN_SECONDS:
            raise unknown("SSO token is too old: sign in again")
        password, pattern = request.get("newPassword") or "", password_pattern(context.configuration.settings)
        if len(password) > MAX_PASSWORD or not _fits(pattern, password):
            raise unknown(f"new password does not match the following expression: {pattern}")
        self._account(name)
        made = await context.clock.external(asyncio.to_thread(hashed, password))
        now = context.clock.now()
        await self._change(name, lambda present: replace(present, password_hash=made, password_changed_at=now))
        return {}

    async def _check_own(self, name: str, password: str, address: str) -> None:
        try:
            account = self._context.authentication.accounts.get(name)
            await self._context.passwords.check(name, password, account, address)
        except ApiError as error:
            if error.code is Code.RESOURCE_EXHAUSTED:
                raise
            raise invalid("current password does not match") from None

    def _may(self, call: Call, action: str, name: str) -> bool:
        return is_own(call.caller, name) or call.may("accounts", action, name)

    def _permit(self, call: Call, action: str, name: str) -> None:
        call.checked = True
        if not is_own(call.caller, name):
            call.permit("accounts", action, name)

    def _account(self, name: str) -> Account:
        if (found := self._context.authentication.accounts.get(name)) is None:
            raise not_found(f"account '{name}' does not exist")
        return found

    async def _change(self, name: str, change: Callable[[Account], Account]) -> None:
        """Applies the change to the Secret's newest state; others may write at the same time."""
        client, namespace = self._context.client, self._context.namespace
        for _ in range(TRIES):
            secret = await client.get(requests.Get(SECRETS, Key(namespace, SECRET)))
            present = accounts_of(self._context.configuration.settings, decoded(secret))[name]
            changed = change(present)
            data = _coded(_differences(present, changed))
            patch = {"metadata": {"resourceVersion": secret["metadata"]["resourceVersion"]}, "data": data}
            try:
                made = await client.write(requests.patch(SECRETS, Key(namespace, SECRET), patch, PatchType.MERGE))
            except StatusError as error:
                if not error.is_conflict:
                    raise
                continue
            await seen(self._context, made)
            return
        raise ApiError(Code.ABORTED, f"{SECRET} is being changed by others: try again")


async def seen(context: ServerContext, made: JsonObject) -> None:
    """Waits until this process's cache shows the written Secret: the change must apply at once."""
    for _ in range(200):
        found = context.configuration.secret_object(made["metadata"]["name"]) or {}
        version = (found.get("metadata") or {}).get("resourceVersion") or "0"
        if not version.isdigit() or int(version) >= int(made["metadata"]["resourceVersion"]):
            return
        await context.clock.sleep(0.01)


def _differences(before: Account, after: Account) -> dict[str, str]:
    prefix, found = prefix_of(after.name), {}
    if after.password_hash != before.password_hash:
        assert isinstance(after.password_changed_at, datetime)
        found[f"{prefix}.password"] = after.password_hash
        found[f"{prefix}.passwordMtime"] = after.password_changed_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if after.tokens != before.tokens:
        found[f"{prefix}.tokens"] = tokens_text(after.tokens)
    return found


def _coded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}


def _fits(pattern: str, password: str) -> bool:
    try:
        return re2.search(pattern, password) is not None
    except re2.error:
        return False
