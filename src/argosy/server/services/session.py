"""session.SessionService: sign in with a password, sign out, and the caller's identity."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call, Route, nothing
from argosy.server.context import ServerContext
from argosy.server.errors import unauthenticated
from argosy.server.pages.sign_in import base_path, is_secure
from argosy.server.sessions.accounts import LOGIN
from argosy.server.sessions.cookies import clear_cookies, cookies_of, set_cookies

SERVICE = "session.SessionService"


def session_routes(context: ServerContext) -> dict[str, Route]:
    service = Sessions(context)
    return {
        f"{SERVICE}/Create": Route(needs=nothing(mutates=True), unary=service.create),
        f"{SERVICE}/Delete": Route(needs=nothing(), unary=service.delete),
        f"{SERVICE}/GetUserInfo": Route(needs=nothing(), unary=service.user_info),
    }


class Sessions:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def create(self, call: Call) -> JsonObject:
        request, context = call.request, self._context
        if request.get("token"):
            raise unauthenticated(
                "token-based session creation no longer supported. please upgrade argocd cli to v0.7+"
            )
        name, password = request.get("username") or "", request.get("password") or ""
        if not name or not password:
            raise unauthenticated("no credentials supplied")
        account = context.authentication.accounts.get(name)
        await context.passwords.check(name, password, account, call.peer)
        seconds = context.authentication.session_seconds()
        token = context.authentication.issue(f"{name}:{LOGIN}", seconds, context.authentication.new_id())
        secure = is_secure(context)
        for cookie in set_cookies(token, base_path(context), secure=secure):
            call.answer_headers.append(("set-cookie", cookie))
        return {"token": token}

    async def delete(self, call: Call) -> JsonObject:
        cookies = cookies_of(call.headers.get("cookie", ""))
        for cookie in clear_cookies(cookies, base_path(self._context)):
            call.answer_headers.append(("set-cookie", cookie))
        return {}

    async def user_info(self, call: Call) -> JsonObject:
        caller = call.caller
        if not caller.signed_in:
            return {}
        return {
            "loggedIn": True,
            "username": caller.username,
            "iss": str(caller.claims.get("iss") or ""),
            "groups": list(caller.subject.groups),
        }
