"""`argosy account list|get|get-user-info`."""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from argosy.cli.account import at_server
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.cli.project.times import go_time
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient

CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAP, SECRET = "argocd-cm", "argocd-secret"
REVIEWS: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    enabled: bool
    capabilities: tuple[str, ...]
    tokens: tuple[JsonObject, ...] = ()

    @property
    def as_json(self) -> JsonObject:
        names = (("id", "id"), ("issuedAt", "iat"), ("expiresAt", "exp"))
        tokens = [{name: item[key] for name, key in names if key in item} for item in self.tokens]
        fields: JsonObject = {"name": self.name, "enabled": self.enabled, "capabilities": list(self.capabilities)}
        return {**fields, "tokens": tokens}


def accounts_of(settings: Mapping[str, str], secrets: Mapping[str, str]) -> list[Account]:
    """Pure. `admin` exists even if no setting names it."""
    names = {key.split(".")[1] for key in settings if key.startswith("accounts.") and key.count(".") in (1, 2)}
    return [_account(name, settings, secrets) for name in sorted({"admin", *names})]


def _account(name: str, settings: Mapping[str, str], secrets: Mapping[str, str]) -> Account:
    is_admin = name == "admin"
    enabled = settings.get("admin.enabled" if is_admin else f"accounts.{name}.enabled", "true") != "false"
    words = settings.get(f"accounts.{name}", "login" if is_admin else "").split(",")
    capabilities = tuple(word.strip() for word in words if word.strip())
    tokens = secrets.get("admin.tokens" if is_admin else f"accounts.{name}.tokens", "")
    try:
        found = json.loads(tokens) if tokens else []
    except ValueError:
        found = []
    return Account(name, enabled, capabilities, tuple(item for item in found if isinstance(item, dict)))


async def read_accounts(client: Client, namespace: str) -> list[Account]:
    settings = await _read(client, CONFIG_MAPS, CONFIG_MAP, namespace)
    secret = await _read(client, SECRETS, SECRET, namespace)
    return accounts_of(settings.get("data") or {}, decoded(secret))


def decoded(secret: JsonObject) -> dict[str, str]:
    found = {}
    for name, text in (secret.get("data") or {}).items():
        try:
            found[name] = base64.b64decode(text).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


async def _read(client: Client, resource: Resource, name: str, namespace: str) -> JsonObject:
    try:
        return await client.get(requests.Get(resource, Key(namespace, name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        return {}


async def one(client: Client, name: str, namespace: str) -> Account:
    for account in await read_accounts(client, namespace):
        if account.name == name:
            return account
    raise CommandError(f"account '{name}' does not exist", Exit.CALL_FAILED)


def list_all(options: argparse.Namespace) -> int:
    if chosen_server(options):
        return at_server.list_all(options)

    async def work(client: Client, clock: Clock) -> int:
        tell_all(await read_accounts(client, options.namespace), options.output)
        return Exit.OK

    return with_client(options, work)


def tell_all(found: list[Account], output: str) -> None:
    if output == "name":
        sys.stdout.writelines(f"{account.name}\n" for account in found)
    elif output == "wide":
        rows = [(one.name, str(one.enabled).lower(), ", ".join(one.capabilities)) for one in found]
        sys.stdout.write(table(("NAME", "ENABLED", "CAPABILITIES"), rows))
    else:
        write_value(sys.stdout, [account.as_json for account in found], output)


def show(options: argparse.Namespace) -> int:
    if chosen_server(options):
        return at_server.show(options)

    async def work(client: Client, clock: Clock) -> int:
        tell_one(await one(client, options.account or "admin", options.namespace), options.output)
        return Exit.OK

    return with_client(options, work)


def tell_one(account: Account, output: str) -> None:
    if output == "name":
        print(account.name)
    elif output == "wide":
        _print(account)
    else:
        write_value(sys.stdout, account.as_json, output)


def _print(account: Account) -> None:
    print(f"{'Name:':<20}{account.name}\n{'Enabled:':<20}{str(account.enabled).lower()}")
    print(f"{'Capabilities:':<20}{', '.join(account.capabilities)}\n\nTokens:")
    if not account.tokens:
        print("NONE")
        return
    rows = [
        (str(item.get("id")), _time(item.get("iat"), ""), _time(item.get("exp"), "never")) for item in account.tokens
    ]
    sys.stdout.write(table(("ID", "ISSUED AT", "EXPIRING AT"), rows))


def _time(value: object, otherwise: str) -> str:
    return go_time(value) if isinstance(value, int) and value else otherwise


def who(options: argparse.Namespace) -> int:
    """The kubeconfig's user as the API server identifies it, or the signed-in user with `--server`."""
    if chosen_server(options):
        return at_server.who(options)

    async def work(client: HttpClient, clock: Clock) -> int:
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        code, raw = await client.raw("POST", REVIEWS, json.dumps(body).encode(), accept="application/json")
        answer = json.loads(raw)
        if code >= 300:
            raise CommandError(str(answer.get("message")), Exit.CALL_FAILED)
        user = (answer.get("status") or {}).get("userInfo") or {}
        groups = list(user.get("groups") or ())
        name = str(user.get("username") or "")
        print_user_info({"loggedIn": True, "username": name, "iss": "kubernetes", "groups": groups}, options.output)
        return Exit.OK

    return with_client(options, work)


def print_user_info(fields: JsonObject, output: str) -> None:
    if output != "text":
        write_value(sys.stdout, fields, output)
        return
    print(f"Logged In: {str(bool(fields.get('loggedIn'))).lower()}")
    if fields.get("loggedIn"):
        print(
            f"Username: {fields['username']}\nIssuer: {fields['iss']}\nGroups: {','.join(fields.get('groups') or ())}"
        )
