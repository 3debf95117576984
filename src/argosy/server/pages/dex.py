"""`/api/dex/`: redirects browsers between clients and connectors, and serves the provider's endpoints to clients.

The state in between is in a signed cookie valid for five minutes, so that any replica can handle the answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import orjson

from argosy.cluster.http.exchange import Request, Response
from argosy.server.connectors.configured import PATH, Connectors
from argosy.server.connectors.identity import Connector, ConnectorError, Identity, Refused, Sent, SignIn, WrongPassword
from argosy.server.connectors.issuer import Asked, BadRequest, asked_of
from argosy.server.connectors.provider import OwnIssuer
from argosy.server.context import ServerContext
from argosy.server.pages.sign_in import HTML, is_secure
from argosy.server.sessions import tokens
from argosy.server.sessions.cookies import cookies_of
from argosy.server.sessions.passwords import MAX_PASSWORD, NOISE_SECONDS
from argosy.server.sessions.tokens import InvalidToken
from argosy.server.transport.front import Page, plain_not_found
from argosy.server.transport.gateway import JSON, TEXT
from argosy.server.transport.http1 import header_map
from argosy.server.transport.query import pairs

COOKIE: Final = "argocd.dexstate"
ISSUER: Final = "argosy-connector"
SECONDS: Final = 300
MOST_BYTES: Final = 1 << 20
NO_STORE: Final = ("Cache-Control", "no-store")
UNKNOWN: Final = "the state of this sign-in is unknown or too old: begin again"


@dataclass(frozen=True, slots=True)
class Kept:
    """The content of the cookie."""

    asked: Asked
    connector: str
    sign_in: SignIn


class DexPages:
    def __init__(self, context: ServerContext, own: OwnIssuer) -> None:
        self._context, self._own = context, own
        self._connectors = Connectors(context.configuration, context.clock)

    def page(self) -> Page:
        async def page(request: Request, path: str, query: str) -> Response:
            if not self._own.is_configured or len(request.body) > MOST_BYTES:
                return plain_not_found()
            try:
                return await self._answer(request, path.removeprefix(PATH), query)
            except BadRequest as error:
                return _plain(400, f"{error}")
            except Refused as error:
                return _plain(403, f"{error}")
            except ConnectorError as error:
                return _plain(500, f"{error}")

        return page

    async def _answer(self, request: Request, path: str, query: str) -> Response:
        match request.method, path.strip("/").split("/"):
            case "GET", [".well-known", "openid-configuration"]:
                return _json(200, self._own.issuer.description())
            case "GET", ["keys"]:
                return _json(200, self._own.issuer.keys())
            case "POST", ["token"]:
                return await self._token(request)
            case "GET", ["auth"]:
                return await self._choose(dict(pairs(query)), query)
            case "GET", ["auth", name]:
                return await self._begin(asked_of(dict(pairs(query)), self._redirects()), unquote(name))
            case "POST", ["auth", name, "login"]:
                return await self._password(request, unquote(name))
            case (("GET" | "POST"), ["callback"]):
                given = dict(pairs(query)) if request.method == "GET" else _form(request)
                return await self._back(request, given)
        return plain_not_found()

    # -- what clients ask ----------------------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        form = _form(request)
        secret = form.pop("client_secret", "")
        if basic := _basic(request.header("authorization")):
            form["client_id"], secret = basic
        try:
            return _json(200, await self._own.exchange(form, secret))
        except BadRequest as error:
            status = 401 if error.error == "invalid_client" else 400
            return _json(status, {"error": error.error, "error_description": str(error)})

    # -- browsers ------------------------------------------------------------------------------------------------------

    async def _choose(self, given: Mapping[str, str], query: str) -> Response:
        asked = asked_of(given, self._redirects())
        found = self._connectors.all()
        chosen = given.get("connector_id") or (found[0].id if len(found) == 1 else "")
        if chosen:
            return await self._begin(asked, chosen)
        links = "".join(
            f'<li><a href="{html.escape(f"{self._connectors.issuer}/auth/{one.id}?{query}")}">'
            f"{html.escape(one.name)}</a></li>"
            for one in found
        )
        return self._shown("Sign in with", f"<ul>{links}</ul>")

    async def _begin(self, asked: Asked, name: str) -> Response:
        connector = self._connectors.get(name)
        sign_in = SignIn(
            callback=self._connectors.callback,
            state=self._random(18),
            nonce=self._random(18),
            verifier=self._random(48),
            request_id=f"_{self._random(24)}",
        )
        kept = Kept(asked, name, sign_in)
        if not hasattr(connector, "begin"):
            return self._asks_password(kept, connector.prompt, "")
        return self._sent(kept, await connector.begin(sign_in))

    def _sent(self, kept: Kept, sent: Sent) -> Response:
        cookie = ("Set-Cookie", self._cookie(kept, from_elsewhere=bool(sent.fields)))
        if not sent.fields:
            return Response(303, b"", "", [("Location", sent.url), cookie, NO_STORE], "")
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in sent.fields.items()
        )
        nonce = self._random(12)
        body = (
            f'<form method="post" action="{html.escape(sent.url)}">{fields}<button>Go on</button></form>'
            f'<script nonce="{nonce}">document.forms[0].submit()</script>'
        )
        return self._shown("Going on", body, cookie, action=sent.url, script=f"'nonce-{nonce}'")

    def _asks_password(self, kept: Kept, prompt: str, problem: str) -> Response:
        action = f"{self._connectors.issuer}/auth/{kept.connector}/login"
        notice = f"<p>{html.escape(problem)}</p>" if problem else ""
        body = (
            f'{notice}<form method="post" action="{html.escape(action)}">'
            f'<input type="hidden" name="state" value="{html.escape(kept.sign_in.state)}">'
            f'<label>{html.escape(prompt)} <input name="login" autocomplete="username" required></label> '
            '<label>Password <input type="password" name="password" autocomplete="current-password" required></label> '
            "<button>Sign in</button></form>"
        )
        cookie = ("Set-Cookie", self._cookie(kept, from_elsewhere=False))
        status = 401 if problem else 200
        return self._shown("Sign in", body, cookie, action=f"'self' {_origin(kept.asked.redirect)}", status=status)

    async def _password(self, request: Request, name: str) -> Response:
        form = _form(request)
        kept = self._kept(request, form.get("state", ""))
        connector = self._connectors.get(name)
        if kept is None or kept.connector != name or hasattr(connector, "begin"):
            return _plain(400, UNKNOWN)
        username, password = form.get("login", ""), form.get("password", "")
        try:
            identity = await self._checked(connector, name, username, password, request.peer)
        except Refused as error:
            return self._asks_password(kept, connector.prompt, str(error))
        return self._done(kept, identity)

    async def _checked(self, connector: Connector, name: str, username: str, password: str, address: str) -> Identity:
        """Guesses are delayed and limited as for local accounts. Raises ConnectorError."""
        context = self._context
        account, began = f"dex:{name}:{username}", context.clock.monotonic()
        locked = context.shared.is_locked(account) or context.shared.address_is_locked(address)
        assert not hasattr(connector, "begin")
        try:
            if locked or len(password) > MAX_PASSWORD:
                raise Refused("Invalid username or password")
            identity = await connector.check(username, password)
        except Refused as error:
            context.shared.address_failed(address)
            if isinstance(error, WrongPassword):
                await context.shared.failed(account)
            raise
        finally:
            took = context.clock.monotonic() - began
            await context.clock.sleep(max(0.0, context.rng.uniform(*NOISE_SECONDS) - took))
        await context.shared.succeeded(account)
        return identity

    async def _back(self, request: Request, given: Mapping[str, str]) -> Response:
        kept = self._kept(request, given.get("state") or given.get("RelayState") or "")
        if kept is None:
            return _plain(400, UNKNOWN)
        connector = self._connectors.get(kept.connector)
        if not hasattr(connector, "finish"):
            return _plain(400, UNKNOWN)
        return self._done(kept, await connector.finish(kept.sign_in, given))

    def _done(self, kept: Kept, identity: Identity) -> Response:
        code = self._own.code(kept.asked, identity, kept.connector)
        answer = urlencode({"code": code, "state": kept.asked.state})
        separator = "&" if urlsplit(kept.asked.redirect).query else "?"
        gone = ("Set-Cookie", f"{COOKIE}=; Path={PATH}; Max-Age=0; HttpOnly")
        return Response(303, b"", "", [("Location", f"{kept.asked.redirect}{separator}{answer}"), gone, NO_STORE], "")

    # -- what is kept --------------------------------------------------------------------------------------------------

    def _cookie(self, kept: Kept, *, from_elsewhere: bool) -> str:
        """`from_elsewhere`: another site posts the answer, which needs a cookie with SameSite=None."""
        context = self._context
        now = int(context.clock.now().timestamp())
        claims: dict[str, Any] = {"iss": ISSUER, "asked": asdict(kept.asked), "connector": kept.connector}
        claims |= {"signIn": asdict(kept.sign_in), "exp": now + SECONDS}
        secure = is_secure(context)
        same = "None" if from_elsewhere and secure else "Lax"
        value = tokens.sign(claims, self._key())
        return (
            f"{COOKIE}={value}; Path={PATH}; Max-Age={SECONDS}; HttpOnly; SameSite={same}{'; Secure' if secure else ''}"
        )

    def _kept(self, request: Request, state: str) -> Kept | None:
        signed = cookies_of(header_map(request).get("cookie", "")).get(COOKIE, "")
        if not signed or not state or not self._context.authentication.key:
            return None
        try:
            found: dict[str, Any] = tokens.verified(signed, self._key(), self._context.clock.now())
            asked = Asked(**{**found["asked"], "scopes": tuple(found["asked"]["scopes"])})
            kept = Kept(asked, str(found["connector"]), SignIn(**found["signIn"]))
        except (InvalidToken, KeyError, TypeError):
            return None
        is_same = hmac.compare_digest(kept.sign_in.state.encode(), state.encode())
        return kept if found.get("iss") == ISSUER and is_same else None

    def _key(self) -> bytes:
        return hashlib.sha256(b"connector\0" + self._context.authentication.key).digest()

    def _redirects(self) -> list[str]:
        return [f"{url.rstrip('/')}/auth/callback" for url in self._context.configuration.own_urls]

    def _random(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._context.rng.token_bytes(count)).rstrip(b"=").decode()

    def _shown(
        self,
        title: str,
        body: str,
        *headers: tuple[str, str],
        action: str = "'self'",
        script: str = "",
        status: int = 200,
    ) -> Response:
        policy = f"default-src 'none'; form-action {action}; frame-ancestors 'none'; base-uri 'none'"
        policy += f"; script-src {script}" if script else ""
        text = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{body}</html>'
        )
        given = [*headers, NO_STORE, ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff")]
        return Response(status, text.encode(), HTML, given, "")


def _form(request: Request) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise BadRequest("invalid_request", "the body is not a form") from None


def _basic(header: str) -> tuple[str, str] | None:
    """RFC 6749, 2.3.1: both are form-encoded first."""
    from argosy.server.sessions.authentication import basic_of

    found = basic_of(header)
    return (unquote(found[0]), unquote(found[1])) if found else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _json(status: int, body: object) -> Response:
    return Response(status, orjson.dumps(body), JSON, [NO_STORE], "")


def _plain(status: int, text: str) -> Response:
    return Response(status, f"{text[:500]}\n".encode(), TEXT, [NO_STORE], "")
