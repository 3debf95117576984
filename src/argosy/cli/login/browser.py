"""A sign-in by the provider's page: authorization code with PKCE (RFC 7636), back to a port of this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import html
import secrets
import webbrowser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import Server, claims_of, http_of
from argosy.cli.login.sign_ins import SignIn, SignIns

PATH: Final = "/auth/callback"
WAIT_SECONDS: Final = 300.0
LONGEST_REQUEST: Final = 16 * 1024


async def by_browser(server: Server, *, port: int, callback: str, opens: bool) -> SignIn:
    """`callback`: where the browser comes back; empty: to localhost. Raises CommandError."""
    config = await _config(server)
    async with http_of(SignIn(url=config["issuer"])) as http:
        provider = await _discovered(http, config["issuer"])
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        back = _back(callback, port)
        asked = {
            "client_id": config["client"],
            "redirect_uri": back,
            "response_type": "code",
            "scope": " ".join(dict.fromkeys(("openid", *config["scopes"], *_offline(provider)))),
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        code = await _code(f"{provider['authorization_endpoint']}?{urlencode(asked)}", state, port, opens=opens)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        answer = await _tokens(http, provider, {**form, "client_id": config["client"]})
    token = str(answer.get("id_token") or "")
    if claims_of(token).get("nonce") != nonce:
        raise CommandError("the provider's token is the answer to another sign-in", Exit.CALL_FAILED)
    return replace(server.sign_in, token=token, refresh_token=str(answer.get("refresh_token") or ""))


def _back(callback: str, port: int) -> str:
    if not callback:
        return f"http://localhost:{port}{PATH}"
    return f"{callback if '://' in callback else f'http://{callback}'}".rstrip("/") + PATH


async def refreshed(one: SignIn, known: SignIns) -> SignIn:
    """Raises CommandError when the provider wants the user again."""
    claims = claims_of(one.token)
    issuer, audience = str(claims.get("iss") or ""), claims.get("aud")
    client = str(audience[0] if isinstance(audience, list) and audience else claims.get("azp") or audience or "")
    async with http_of(SignIn(url=issuer)) as http:
        provider = await _discovered(http, issuer)
        form = {"grant_type": "refresh_token", "refresh_token": one.refresh_token, "client_id": client}
        answer = await _tokens(http, provider, form)
    return known.renewed(one, str(answer.get("id_token") or ""), str(answer.get("refresh_token") or ""))


async def _config(server: Server) -> dict[str, Any]:
    settings = await server.call("GET", "/api/v1/settings")
    if found := settings.get("oidcConfig"):
        client = found.get("cliClientID") or found.get("clientID")
        scopes = found.get("scopes") or ["profile", "email", "groups"]
        return {"issuer": str(found["issuer"]).rstrip("/"), "client": str(client), "scopes": scopes}
    if settings.get("dexConfig"):
        issuer = f"{server.sign_in.url}/api/dex"
        return {"issuer": issuer, "client": "argo-cd-cli", "scopes": ["profile", "email", "groups", "federated:id"]}
    raise CommandError(f"{server.sign_in.name} names no provider: sign in with --username", Exit.CALL_FAILED)


async def _discovered(http: aiohttp.ClientSession, issuer: str) -> dict[str, Any]:
    url = f"{issuer}/.well-known/openid-configuration"
    try:
        async with http.get(url) as answer:
            found = await answer.json() if answer.status == 200 else {}
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise CommandError(f"{url}: {type(error).__name__}", Exit.CALL_FAILED) from None
    if not isinstance(found, dict) or not found.get("authorization_endpoint") or not found.get("token_endpoint"):
        raise CommandError(f"{url} describes no provider", Exit.CALL_FAILED)
    return found


def _offline(provider: Mapping[str, Any]) -> tuple[str, ...]:
    return ("offline_access",) if "offline_access" in (provider.get("scopes_supported") or ()) else ()


async def _tokens(http: aiohttp.ClientSession, provider: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    try:
        async with http.post(str(provider["token_endpoint"]), data=dict(form)) as answer:
            found = await answer.json()
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise CommandError(f"the provider gave no token: {type(error).__name__}", Exit.CALL_FAILED) from None
    if answer.status != 200 or not isinstance(found, dict) or not found.get("id_token"):
        why = found.get("error_description") or found.get("error") if isinstance(found, dict) else ""
        raise CommandError(f"the provider gave no token: {why or answer.status}: sign in again", Exit.CALL_FAILED)
    return found


async def _code(url: str, state: str, port: int, *, opens: bool) -> str:
    """What the browser brings back. Raises CommandError."""
    came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\n"))[:LONGEST_REQUEST].decode(errors="replace")
        words = line.split(" ")
        target = urlsplit(words[1] if len(words) > 1 else "")
        asked = {name: values[0] for name, values in parse_qs(target.query).items()}
        ours = target.path == PATH and hmac.compare_digest(asked.get("state", "").encode(), state.encode())
        message = asked.get("error_description") or asked.get("error") or "Signed in. You can close this page."
        text = html.escape(message if ours else "This does not belong to the pending sign-in.")
        body = f"<!doctype html><title>argosy</title><p>{text}</p>"
        head = f"HTTP/1.1 {200 if ours else 400} OK\r\nContent-Type: text/html\r\nContent-Length: {len(body.encode())}"
        writer.write(f"{head}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()
        if ours and not came.done():
            came.set_result(asked)

    try:
        listener = await asyncio.start_server(answer, "localhost", port)
    except OSError as error:
        raise CommandError(f"--sso-port {port}: {error.strerror or error}: choose another") from None
    async with listener:
        print(f"Opening browser for authentication\n{url}", flush=True)
        if opens:
            await asyncio.to_thread(webbrowser.open, url)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                found = await came
        except TimeoutError:
            raise CommandError(f"nobody signed in within {WAIT_SECONDS:.0f} s", Exit.CALL_FAILED) from None
    if found.get("error") or not found.get("code"):
        why = found.get("error_description") or found.get("error") or "no code"
        raise CommandError(f"the provider refused: {why}", Exit.CALL_FAILED)
    return found["code"]
