"""`argosy proj role create-token|delete-token|list-tokens`: tokens that speak as a role of a project.

Signed with the key in `argocd-secret`, as the API server signs its own; the project says which of them count.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import sys
from datetime import datetime

from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table
from argosy.cli.project import at_server
from argosy.cli.project.projects import get, replace, shown
from argosy.cli.project.roles import role_of, with_role
from argosy.cli.project.times import go_time, seconds_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

SECRETS = Resource("", "v1", "secrets", "Secret")
SECRET, KEY = "argocd-secret", "server.secretkey"
ISSUER = "argocd"


def create(options: argparse.Namespace) -> int:
    lifetime = seconds_of("--expires-in", options.expires_in)
    if chosen_server(options):
        return at_server.create_token(options, lifetime)

    async def work(client: Client, clock: Clock) -> int:
        project = await get(client, options.project, options.namespace)
        spec = project.get("spec") or {}
        try:
            role = role_of(spec, options)
        except CommandError:
            text = f"project '{options.project}' does not have role '{options.role}'"
            raise CommandError(text, Exit.CALL_FAILED) from None
        name = options.id or SystemRng().uuid()
        if any(str(token.get("id") or token.get("iat")) == name for token in role.get("jwtTokens") or ()):
            raise CommandError(f"Token id '{name}' has been used.", Exit.CALL_FAILED)
        key = await signing_key(client, options.namespace)
        entry = entry_of(name, clock.now(), lifetime)
        spec = with_role(spec, options, lambda one: {**one, "jwtTokens": [entry, *(one.get("jwtTokens") or ())]})
        await replace(client, project, spec, with_token(project.get("status") or {}, options.role, entry))
        tell(options, entry, token_of(f"proj:{options.project}:{options.role}", entry, key))
        return Exit.OK

    return with_client(options, work)


def entry_of(name: str, now: datetime, lifetime: int) -> JsonObject:
    """`lifetime` in seconds; 0 means forever."""
    issued = int(now.timestamp())
    return {"iat": issued, "id": name, **({"exp": issued + lifetime} if lifetime else {})}


def with_token(status: JsonObject, role: str, entry: JsonObject) -> JsonObject:
    by_role = status.get("jwtTokensByRole") or {}
    items = (by_role.get(role) or {}).get("items") or []
    return {**status, "jwtTokensByRole": {**by_role, role: {"items": [entry, *items]}}}


async def signing_key(client: Client, namespace: str) -> bytes:
    """Raises CommandError if the control plane has no signing key yet."""
    try:
        secret = await client.get(requests.Get(SECRETS, Key(namespace, SECRET)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        secret = {}
    text = (secret.get("data") or {}).get(KEY)
    if not text:
        raise CommandError(f"secret {namespace}/{SECRET} has no {KEY}: the API server makes one", Exit.CALL_FAILED)
    return base64.b64decode(text)


def token_of(subject: str, entry: JsonObject, key: bytes) -> str:
    """HS256, with upstream's claims. Pure."""
    claims = {"iss": ISSUER, "sub": subject, "nbf": entry["iat"], "iat": entry["iat"], "jti": entry["id"]}
    if "exp" in entry:
        claims["exp"] = entry["exp"]
    signed = b".".join(_part(part) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(key, signed, hashlib.sha256).digest()
    return (signed + b"." + _text(signature)).decode()


def _part(value: JsonObject) -> bytes:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def tell(options: argparse.Namespace, entry: JsonObject, token: str) -> None:
    if options.token_only:
        print(token)
        return
    ends = go_time(entry["exp"]) if "exp" in entry else "Never"
    print(f"Create token succeeded for proj:{options.project}:{options.role}.")
    print(f"  ID: {entry['id']}\n  Issued At: {go_time(entry['iat'])}\n  Expires At: {ends}\n  Token: {token}")


def delete(options: argparse.Namespace) -> int:
    """Deleting a token that does not exist is not an error, as upstream."""
    if not options.issued_at.isdigit():
        raise CommandError(f"ISSUED-AT {options.issued_at!r}: must be seconds since 1970", Exit.CALL_FAILED)
    if chosen_server(options):
        return at_server.delete_token(options)
    issued = int(options.issued_at)

    def kept(tokens: list[JsonObject]) -> list[JsonObject]:
        return [token for token in tokens if token.get("iat") != issued]

    async def work(client: Client, clock: Clock) -> int:
        project = await get(client, options.project, options.namespace)
        spec = project.get("spec") or {}
        spec = with_role(spec, options, lambda role: {**role, "jwtTokens": kept(role.get("jwtTokens") or [])})
        status = project.get("status") or {}
        by_role = status.get("jwtTokensByRole") or {}
        items = kept((by_role.get(options.role) or {}).get("items") or [])
        await replace(client, project, spec, {**status, "jwtTokensByRole": {**by_role, options.role: {"items": items}}})
        return Exit.OK

    return with_client(options, work)


def list_all(options: argparse.Namespace) -> int:
    def show(project: JsonObject, clock: Clock) -> None:
        tokens = role_of(project.get("spec") or {}, options).get("jwtTokens") or []
        if not tokens:
            print(f"No tokens for {options.project}.{options.role}")
            return
        sys.stdout.write(table(("ID", "ISSUED AT", "EXPIRES AT"), [_row(token, options) for token in tokens]))

    return shown(options, show)


def _row(token: JsonObject, options: argparse.Namespace) -> tuple[str, str, str]:
    issued, ends = int(token.get("iat") or 0), int(token.get("exp") or 0)
    name = str(token.get("id") or issued)
    if options.unixtime:
        return name, str(issued), str(ends)
    return name, go_time(issued), go_time(ends) if ends else "Never"
