"""A server that one is signed in to: its calls, and the Kubernetes API that it opens to those who signed in."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from argosy.cli.client_flags import check_pair, given
from argosy.cli.connect import chosen_server, chosen_token
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.sign_ins import SignIn, SignIns, url_of
from argosy.machinery.status import StatusError
from argosy.observe.secret import Secret
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.connection import Connection, Trust
from argosy.runtime.http.credentials import Anonymous, ClientCertificate, Fixed, Proof, bearer
from argosy.runtime.http.exchange import Unreachable

LOCAL_ISSUER: Final = "argocd"
"""Who issues the tokens of local accounts."""
KUBERNETES: Final = "/api/argosy/v1/kubernetes"
RENEW_BEFORE_SECONDS: Final = 60
CALL_SECONDS: Final = 60.0


class Server:
    """Raises CommandError for every refusal, in the server's words."""

    def __init__(self, sign_in: SignIn, client: HttpClient) -> None:
        self.sign_in, self._client = sign_in, client

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        status, found = await self.ask(method, path, body)
        if status >= 300:
            raise CommandError(self.refusal(status, found), Exit.CALL_FAILED)
        return found

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status, and the answer's JSON; {} for anything else."""
        data = None if body is None else json.dumps(body).encode()
        status, answer = await self._client.raw(method, path, data, accept="application/json")
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, {}

    def refusal(self, status: int, found: Any) -> str:
        """The server's words: Argo CD's API has them at the top, Argosy's own in `error`."""
        for place in (found, found.get("error") if isinstance(found, dict) else None):
            if isinstance(place, dict) and place.get("message"):
                return str(place["message"])
        return f"{self.sign_in.name} answered {status}"

    async def stream(self, path: str) -> AsyncIterator[Any]:
        """Messages, one a line, as they come."""
        rest = b""
        try:
            async for chunk in self._client.stream(path, {}):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield json.loads(line)
        except StatusError as error:
            raise CommandError(error.message, Exit.CALL_FAILED) from None


def connection_to(sign_in: SignIn, path: str = "") -> Connection:
    key = Secret(sign_in.certificate_key)
    certificate = ClientCertificate(sign_in.certificate, key) if sign_in.certificate else None
    without_token = Fixed(Proof(certificate=certificate)) if certificate else Anonymous()
    return Connection(
        server=f"{sign_in.url}{path}",
        trust=Trust(authority=sign_in.authority, insecure=sign_in.insecure),
        credential=bearer(sign_in.token, certificate) if sign_in.token else without_token,
        namespace="argocd",
    )


@asynccontextmanager
async def opened(sign_in: SignIn, clock: Clock) -> AsyncIterator[Server]:
    async with HttpClient(connection_to(sign_in), clock, SystemRng(), user_agent="argosy-cli") as client:
        try:
            yield Server(sign_in, client)
        except Unreachable as error:
            raise CommandError(f"{error}{_hint(sign_in, str(error))}", Exit.CALL_FAILED) from None


@asynccontextmanager
async def http_of(sign_in: SignIn) -> AsyncIterator[aiohttp.ClientSession]:
    """For requests that are not API calls: pages, and a provider that the server names."""
    trust = connection_to(sign_in).trust
    connector = aiohttp.TCPConnector(ssl=trust.context(None) if sign_in.url.startswith("https") else True)
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True
    ) as http:
        yield http


def _hint(sign_in: SignIn, text: str) -> str:
    if "certificate" in text.lower():
        return "; --certificate-authority FILE names who signed it, --insecure trusts anybody"
    return "; --plaintext speaks without TLS" if sign_in.url.startswith("https") and "ssl" in text.lower() else ""


async def chosen(server: str, options: argparse.Namespace, clock: Clock) -> SignIn:
    """The sign-in to `server`, with what the flags about the connection replace in it. Raises CommandError."""
    found = await signed_in(server, chosen_token(options), clock)
    return with_flags(found, options)


def with_flags(one: SignIn, options: argparse.Namespace) -> SignIn:
    """`--plaintext`, `--grpc-web-root-path`, `--insecure`, `--server-crt`, `--client-crt`, `--client-crt-key`.

    Raises CommandError.
    """
    check_pair(options)
    _, _, place = one.url.partition("://")
    scheme = "http" if given(options, "plaintext") else one.url.partition("://")[0]
    root = given(options, "root_path").strip("/")
    made = replace(one, url=f"{scheme}://{place}{f'/{root}' if root else ''}")
    if authority := given(options, "server_crt"):
        made = replace(made, authority=read_pem("--server-crt", authority), insecure=False)
    elif given(options, "insecure"):
        made = replace(made, authority="", insecure=True)
    if chain := given(options, "client_crt"):
        key = read_pem("--client-crt-key", given(options, "client_crt_key"))
        made = replace(made, certificate=read_pem("--client-crt", chain), certificate_key=key)
    return made


def read_pem(flag: str, path: Path | str | None) -> str:
    """The file's text; "" without a path. Raises CommandError."""
    try:
        return Path(path).read_text() if path else ""
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise CommandError(f"{flag} {path}: {why}") from None


async def signed_in(server: str, token: str, clock: Clock) -> SignIn:
    """`token` given with the command takes precedence over the stored one. Raises CommandError."""
    known = SignIns()
    found = known.get(server) or SignIn(url=url_of(server))
    if token:
        return replace(found, token=token, refresh_token="")
    if not found.token:
        raise CommandError(f"not signed in to {found.name}: 'argosy login {server}'", Exit.CALL_FAILED)
    expires = claims_of(found.token).get("exp")
    left = expires - clock.now().timestamp() if isinstance(expires, int | float) else float("inf")
    if not found.refresh_token or left >= RENEW_BEFORE_SECONDS:
        return found
    from argosy.cli.login.browser import refreshed

    return await refreshed(found, known)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified: for the user's own eyes."""
    try:
        body = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def calling(options: argparse.Namespace, work: Callable[[Server], Awaitable[int]]) -> int:
    """Runs `work` with the server that was chosen."""

    async def run() -> int:
        clock = RealClock()
        sign_in = await chosen(chosen_server(options), options, clock)
        async with opened(sign_in, clock) as server:
            return await work(server)

    return asyncio.run(run())
