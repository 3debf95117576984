"""`/auth/login` and `/auth/callback`: redirects a browser to the provider of `oidc.config` and back.

The state in between is in a signed cookie valid for five minutes, so that any replica can handle the answer. The
code is exchanged with PKCE, and the returned token must contain the nonce that was sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import logging
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.status import StatusError
from argosy.server.context import ServerContext
from argosy.server.pages.sign_in import HTML, base_path, is_secure
from argosy.server.sessions import tokens
from argosy.server.sessions.cookies import PROVIDER, cookies_of, set_cookies
from argosy.server.sessions.federation import sealed, session_of
from argosy.server.sessions.provider import OidcConfig, Provider, ProviderError
from argosy.server.sessions.tokens import InvalidToken
from argosy.server.transport.front import Page, plain_not_found
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.http1 import header_map
from argosy.server.transport.query import pairs

log = logging.getLogger(__name__)
STATE: Final = "argocd.oauthstate"
ISSUER: Final = "argosy-sign-in"
SECONDS: Final = 300
UNKNOWN_STATE: Final = "the state of this sign-in is unknown, was used, or is too old: begin again"


def login(context: ServerContext, provider: Provider) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        config, asked = provider.config, dict(pairs(query))
        if config is None:
            return plain_not_found()  # like any unknown page
        target = asked.get("return_url") or context.configuration.url or "/"
        if not is_own(context, target):
            return _plain(400, "Invalid redirect URL: the protocol and host (including port) must match and the path")
        try:
            discovered = await provider.endpoints(config)
        except ProviderError as error:
            return _plain(503, f"{error}")
        return _sent(context, config, discovered, target)

    return _for_people(context, page)


def _sent(context: ServerContext, config: OidcConfig, told: Any, target: str) -> Response:
    state, nonce = (_random(context, 18) for _ in range(2))
    verifier = _random(context, 48)
    now = int(context.clock.now().timestamp())
    kept = {"iss": ISSUER, "state": state, "nonce": nonce, "verifier": verifier, "to": target, "exp": now + SECONDS}
    signed = tokens.sign(kept, _key(context))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    given = {
        "client_id": config.client_id,
        "redirect_uri": _callback(context),
        "response_type": "code",
        "scope": " ".join(dict.fromkeys(("openid", *config.scopes, *offline_scope(config, told)))),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if config.domain_hint:
        given["domain_hint"] = config.domain_hint
    if config.connector:
        given["connector_id"] = config.connector
    endpoint = str(told.get("authorization_endpoint") or "")
    separator = "&" if urlsplit(endpoint).query else "?"
    headers = [
        ("Location", f"{endpoint}{separator}{urlencode(given)}"),
        ("Set-Cookie", _state_cookie(context, signed, SECONDS)),
        ("Cache-Control", "no-store"),
    ]
    return Response(303, b"", "", headers, "")


def offline_scope(config: OidcConfig, told: Any) -> tuple[str, ...]:
    """The scope for a refresh token, if one is wanted and the provider supports it."""
    known = told.get("scopes_supported") or ()
    return ("offline_access",) if config.refresh_before > 0 and "offline_access" in known else ()


def callback(context: ServerContext, provider: Provider) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        config, asked = provider.config, dict(pairs(query))
        if config is None:
            return plain_not_found()
        if problem := asked.get("error"):
            text = f"{problem}: {asked.get('error_description') or ''}".rstrip(": ")
            return Response(400, f"{html.escape(text[:500])}\n".encode(), TEXT, [], "")
        kept = _kept(context, request)
        if kept is None or not asked.get("state") or not _same(str(kept.get("state")), asked["state"]):
            return _plain(400, UNKNOWN_STATE)
        used = f"{ISSUER} {kept['state']}"
        if context.shared.is_revoked(used):
            return _plain(400, UNKNOWN_STATE)
        try:
            form = {"grant_type": "authorization_code", "code": asked.get("code") or ""}
            form |= {"redirect_uri": _callback(context), "code_verifier": str(kept["verifier"])}
            found = await provider.exchanged(config, form)
            token = found.get("id_token")
            if not isinstance(token, str):
                return _plain(500, "the provider gave no ID token")
            claims = await provider.verified(token)
        except ProviderError as error:
            return _plain(500, f"{error}")
        except InvalidToken as error:
            return _plain(401, f"invalid session token: {error}")
        if claims.get("nonce") != kept["nonce"]:
            return _plain(401, "invalid session token: it is the answer to another sign-in")
        await _use_up(context, used, float(kept["exp"]))
        try:
            path, secure = base_path(context), is_secure(context)
            session = session_of(found, claims, context.clock.now().timestamp())
            cookies = set_cookies(token, path, secure=secure)
            if session.refresh_token or (config.user_info_groups and session.access_token):
                text = sealed(session, context.authentication.key, context.rng.token_bytes(12))
                cookies += set_cookies(text, path, secure=secure, name=PROVIDER)
        except ValueError as error:
            return _plain(500, f"{error}")
        headers = [("Location", str(kept["to"])), ("Cache-Control", "no-store")]
        headers += [("Set-Cookie", item) for item in (*cookies, _state_cookie(context, "", 0))]
        return Response(303, b"", HTML, headers, "")

    return _for_people(context, page)


def _for_people(context: ServerContext, page: Page) -> Page:
    """A browser that was refused returns to the sign-in page, and the log has the reason; programs get the status.

    The reason is not part of the address: whoever sends a link could put words on our page.
    """

    async def shown(request: Request, path: str, query: str) -> Response:
        found = await page(request, path, query)
        accepts = request.header("accept")
        if found.status in (200, 303, 404) or "text/html" not in accepts or not isinstance(found.body, bytes):
            return found
        log.warning("single sign-on refused (%d): %s", found.status, found.body.decode().strip())
        target = f"{base_path(context).rstrip('/')}/login?has_sso_error=true"
        return Response(303, b"", "", [("Location", target), ("Cache-Control", "no-store")], "")

    return shown


async def _use_up(context: ServerContext, used: str, until: float) -> None:
    """Checked last: only a completed sign-in may add to the storage that replicas share."""
    try:
        await context.shared.revoke(used, until)
    except StatusError as error:  # the provider accepts a code once, too
        log.warning("that a sign-in was answered is not told to other replicas: %s", error.reason)


def is_own(context: ServerContext, target: str) -> bool:
    """Whether a redirect there is allowed: below one of our own URLs, or a path on this host."""
    if "\\" in target or any(not 0x21 <= ord(char) < 0x7F for char in target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return target.startswith("/") and not target.startswith("//")
    for url in context.configuration.own_urls:
        own = urlsplit(url)
        path = own.path.rstrip("/")
        if (parts.scheme, parts.netloc) == (own.scheme, own.netloc) and f"{parts.path}/".startswith(f"{path}/"):
            return True
    return False


def _callback(context: ServerContext) -> str:
    return f"{context.configuration.url}/auth/callback"


def _key(context: ServerContext) -> bytes:
    """Not the key of sessions: a token signed here can never be a session."""
    return hashlib.sha256(b"sign-in\0" + context.authentication.key).digest()


def _kept(context: ServerContext, request: Request) -> dict[str, Any] | None:
    signed = cookies_of(header_map(request).get("cookie", "")).get(STATE, "")
    if not signed or not context.authentication.key:
        return None
    try:
        found = tokens.verified(signed, _key(context), context.clock.now())
    except InvalidToken:
        return None
    return found if found.get("iss") == ISSUER and is_own(context, str(found.get("to"))) else None


def _state_cookie(context: ServerContext, value: str, seconds: int) -> str:
    secure = "; Secure" if is_secure(context) else ""
    return f"{STATE}={value}; Path={base_path(context)}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _random(context: ServerContext, count: int) -> str:
    return base64.urlsafe_b64encode(context.rng.token_bytes(count)).rstrip(b"=").decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _plain(status: int, text: str) -> Response:
    return Response(status, f"{text}\n".encode(), TEXT, [], "")
