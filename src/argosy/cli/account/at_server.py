"""`argosy account ... --server`: accounts through the API of the signed-in server."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from argosy.cli.connect import chosen_server
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import Server, calling
from argosy.cli.login.sign_ins import SignIns
from argosy.cli.login.signing_in import asked

if TYPE_CHECKING:
    from argosy.cli.account.accounts import Account

PATH = "/api/v1/account"


def list_all(options: argparse.Namespace) -> int:
    from argosy.cli.account.accounts import tell_all

    async def work(server: Server) -> int:
        answer = await server.call("GET", PATH)
        tell_all([_account(item) for item in answer.get("items") or ()], options.output)
        return Exit.OK

    return calling(options, work)


def show(options: argparse.Namespace) -> int:
    from argosy.cli.account.accounts import tell_one

    async def work(server: Server) -> int:
        name = options.account or await _own_name(server)
        tell_one(_account(await server.call("GET", f"{PATH}/{quote(name, safe='')}")), options.output)
        return Exit.OK

    return calling(options, work)


def who(options: argparse.Namespace) -> int:
    from argosy.cli.account.accounts import print_user_info

    async def work(server: Server) -> int:
        found = await server.call("GET", "/api/v1/session/userinfo")
        print_user_info({"loggedIn": False, **found}, options.output)
        return Exit.OK

    return calling(options, work)


def generate(options: argparse.Namespace, lifetime: int) -> int:
    """`lifetime` in seconds; 0 means forever."""

    async def work(server: Server) -> int:
        body = {"name": options.account, "expiresIn": lifetime, "id": options.id}
        answer = await server.call("POST", f"{PATH}/{quote(options.account, safe='')}/token", body)
        print(answer["token"])
        return Exit.OK

    return calling(options, work)


def delete(options: argparse.Namespace) -> int:
    async def work(server: Server) -> int:
        await server.call("DELETE", f"{PATH}/{quote(options.account, safe='')}/token/{quote(options.id, safe='')}", {})
        return Exit.OK

    return calling(options, work)


def can_i(options: argparse.Namespace) -> int:
    _check_server(options)

    async def work(server: Server) -> int:
        parts = (quote(part, safe="") for part in (options.resource, options.action))
        path = f"{PATH}/can-i/{'/'.join(parts)}/{quote(options.object, safe='/')}"
        print((await server.call("GET", path))["value"])
        return Exit.OK

    return calling(options, work)


def update_password(options: argparse.Namespace) -> int:
    """The new password invalidates all sessions of the user, so the command signs in again."""
    _check_server(options)

    async def work(server: Server) -> int:
        own = await _own_name(server)
        current = options.current_password or asked(f"Password of {own}: ", "--current-password", hidden=True)
        name = options.account or own
        new = options.new_password or asked(f"New password of {name}: ", "--new-password", hidden=True)
        body = {"name": name, "currentPassword": current, "newPassword": new}
        await server.call("PUT", f"{PATH}/password", body)
        print("Password updated")
        if name == own and server.sign_in.name in (known := SignIns()).by_name:
            answer = await server.call("POST", "/api/v1/session", {"username": name, "password": new})
            known.renewed(server.sign_in, str(answer["token"]), "")
        return Exit.OK

    return calling(options, work)


def _check_server(options: argparse.Namespace) -> None:
    if not chosen_server(options):
        raise CommandError("--server: name the server that is to answer; 'argosy login SERVER' signs in to it")


async def _own_name(server: Server) -> str:
    return str((await server.call("GET", "/api/v1/session/userinfo")).get("username") or "")


def _account(found: Any) -> Account:
    from argosy.cli.account.accounts import Account

    tokens = tuple(
        {"id": item.get("id"), "iat": item.get("issuedAt"), "exp": item.get("expiresAt")}
        for item in found.get("tokens") or ()
    )
    capabilities = tuple(found.get("capabilities") or ())
    return Account(str(found["name"]), bool(found.get("enabled")), capabilities, tokens)
