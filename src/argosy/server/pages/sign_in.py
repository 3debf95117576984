"""Sign-out, and redirects of browsers to pages."""

from __future__ import annotations

import html
from urllib.parse import quote, urlsplit

from argosy.cluster.http.exchange import Request, Response
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code
from argosy.server.sessions.cookies import NAME, clear_cookies, cookies_of, token_of
from argosy.server.sessions.tokens import ISSUER, InvalidToken, parts_of, seconds_of
from argosy.server.transport.front import Page
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.http1 import header_map

HTML = "text/html; charset=utf-8"


def base_path(context: ServerContext) -> str:
    """The attribute of cookies."""
    parameters = context.configuration.parameters
    path = parameters.get("server.basehref") or parameters.get("server.rootpath") or "/"
    return f"/{path.strip('/')}" if path.strip("/") else "/"


def is_secure(context: ServerContext) -> bool:
    """Whether browsers may send the cookie only over TLS."""
    return context.secure


def logout(context: ServerContext) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        if request.method not in ("GET", "POST"):
            return Response(405, b"Method Not Allowed\n", TEXT, [("Allow", "GET, POST")], "")
        cookies = cookies_of(header_map(request).get("cookie", ""))
        token = token_of(cookies)
        if token is None:
            raise ApiError(
                Code.INVALID_ARGUMENT,
                f"Failed to retrieve ArgoCD auth token: failed to retrieve cookie {NAME}",
            )
        await _revoke(context, token)
        target = _after(context, token)
        headers = [("Location", target), *(("Set-Cookie", item) for item in clear_cookies(cookies, base_path(context)))]
        if request.method == "POST":
            return Response(303, b"", "", headers, "")
        body = f'<a href="{html.escape(target)}">See Other</a>.\n\n'
        return Response(303, body.encode(), HTML, headers, "")

    return page


def _after(context: ServerContext, token: str) -> str:
    """The redirect target: the session's provider if it supports logout."""
    home = context.configuration.url or "/"
    try:
        issuer = parts_of(token)[1].get("iss")
    except InvalidToken:
        return home
    if issuer == ISSUER:
        return home
    from argosy.server.sessions.provider import config_of

    config = config_of(context.configuration)
    if config is None or not config.logout_url or config.issuer != issuer:
        return home
    values = {"{{token}}": token, "{{logoutRedirectURL}}": home}
    target = config.logout_url
    for name, value in values.items():
        target = target.replace(name, quote(value, safe=":/"))
    return target if urlsplit(target).scheme in ("https", "http") else home


async def _revoke(context: ServerContext, token: str) -> None:
    """Revokes a valid token; any other is useless anyway."""
    try:
        found = await context.authentication.of_token(token)
        _, claims, _, _ = parts_of(token)
        ends = seconds_of(claims, "exp")
    except InvalidToken:
        return
    if found.caller.token_id:
        now = context.clock.now().timestamp()
        await context.shared.revoke(found.caller.token_id, ends if ends is not None else now + 10 * 365 * 86_400)
