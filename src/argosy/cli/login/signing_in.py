"""`argosy login|logout|context`: by name and password, or by the provider's page in a browser."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from dataclasses import replace
from typing import Any

import aiohttp

from argosy.cli.client_flags import given
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import LOCAL_ISSUER, Server, claims_of, http_of, opened, read_pem, with_flags
from argosy.cli.login.sign_ins import SignIn, SignIns, url_of
from argosy.cli.printing import table
from argosy.runtime.clock import RealClock


def run(options: argparse.Namespace) -> int:
    url = url_of(options.server, plaintext=options.plaintext)
    if options.certificate_authority and options.insecure:
        raise CommandError("--certificate-authority and --insecure exclude each other: drop one")
    authority = read_pem("--certificate-authority", options.certificate_authority)
    wanted = SignIn(url=url, authority=authority, insecure=options.insecure, label=options.name)
    made = asyncio.run(_signed_in(with_flags(wanted, options), options, sso=options.sso, user=options.username))
    SignIns().put(made, is_current=True)
    print(f"'{_who(made)}' logged in successfully\nContext '{made.name}' updated")
    return Exit.OK


def again(options: argparse.Namespace) -> int:
    """Signs in to the same server: by password for a local account, else in the browser."""
    known = SignIns()
    found = known.get(name) if (name := given(options, "argocd_context")) else known.by_name.get(known.current)
    if found is None:
        raise CommandError("there is no sign-in to repeat: 'argosy login SERVER' makes one")
    claims = claims_of(found.token)
    is_local = claims.get("iss") == LOCAL_ISSUER
    print(f"Relogging in as '{_who(found)}'" if is_local else "Reinitiating SSO login")
    user = str(claims.get("sub") or "").partition(":")[0]
    made = asyncio.run(_signed_in(with_flags(found, options), options, sso=not is_local, user=user))
    known.put(made)
    print(f"Context '{made.name}' updated")
    return Exit.OK


def _who(one: SignIn) -> str:
    claims = claims_of(one.token)
    return str(claims.get("email") or claims.get("name") or str(claims.get("sub") or "").partition(":")[0])


async def _signed_in(wanted: SignIn, options: argparse.Namespace, *, sso: bool, user: str) -> SignIn:
    clock = RealClock()
    async with opened(replace(wanted, token=""), clock) as server:
        if sso:
            from argosy.cli.login.browser import by_browser

            opens = not options.no_browser and options.sso_launch_browser != "false"
            return await by_browser(server, port=options.sso_port, callback=options.callback, opens=opens)
        return await _by_password(server, user, options)


async def _by_password(server: Server, user: str, options: argparse.Namespace) -> SignIn:
    name = user or asked("Username: ", "--username")
    password = options.password or asked("Password: ", "--password", hidden=True)
    answer: Any = await server.call("POST", "/api/v1/session", {"username": name, "password": password})
    return replace(server.sign_in, token=str(answer["token"]), refresh_token="")


def asked(prompt: str, flag: str, *, hidden: bool = False) -> str:
    """Of the person at the terminal. Raises CommandError where there is none."""
    if not sys.stdin.isatty():
        raise CommandError(f"{flag}: give it: there is no terminal to ask at")
    return getpass.getpass(prompt) if hidden else input(prompt)


def leave(options: argparse.Namespace) -> int:
    known = SignIns()
    found = known.get(options.name) if options.name else known.by_name.get(known.current)
    if found is None:
        raise CommandError(f"there is no sign-in to {options.name or 'any server'}: 'argosy context' lists them")
    asyncio.run(_revoked(found))
    known.drop(found.name)
    print(f"Logged out from '{found.name}'")
    return Exit.OK


async def _revoked(one: SignIn) -> None:
    """A server that is away forgets the token when it expires; here it is forgotten at once."""
    headers = {"Cookie": f"argocd.token={one.token}"}
    try:
        async with (
            http_of(one) as http,
            http.post(f"{one.url}/auth/logout", headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status >= 400:
                print(f"argosy logout: {one.name} answered {answer.status}", file=sys.stderr)
    except (aiohttp.ClientError, OSError) as error:
        print(f"argosy logout: {one.name}: {type(error).__name__}: the token counts until it expires", file=sys.stderr)


def choose(options: argparse.Namespace) -> int:
    known = SignIns()
    if options.name:
        found = known.get(options.name)
        if found is None:
            raise CommandError(f"there is no sign-in to {options.name}: 'argosy login {options.name}'")
        if options.delete:
            known.drop(found.name)
            print(f"Context '{found.name}' deleted")
            return Exit.OK
        known.put(found, is_current=True)
        print(f"Switched to context '{found.name}'")
        return Exit.OK
    if options.delete:
        raise CommandError("--delete: give the SERVER to forget")
    rows = [("*" if one.name == known.current else "", one.name, one.url) for one in known.by_name.values()]
    sys.stdout.write(table(("CURRENT", "NAME", "SERVER"), rows))
    return Exit.OK
