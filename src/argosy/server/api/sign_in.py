"""What a person who is not signed in may know: how to sign in, what the operator says, and why a session ended."""

from __future__ import annotations

from typing import Final, TypedDict

from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.calls import nothing
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError
from argosy.server.services.settings import has_local_sign_in, provider_name

LOGIN: Final = "/auth/login"
INVALID: Final = "invalid session: "
ENDINGS: Final = (
    ("expired", "Your session has expired."),
    ("is revoked", "Your session was ended: somebody signed out or revoked it."),
    ("password has changed", "Your session was ended because the password of the account was changed."),
    ("is disabled", "Your account was disabled."),
    ("does not exist", "Your account was removed."),
    ("could not be refreshed", "Your session could not be renewed with your provider."),
)
"""What the error of a token contains, and the sentence for a person."""


class SignInProvider(TypedDict):
    """`place`: where a browser goes to sign in, below the server's base path; it takes `return_url`."""

    name: str
    place: str


class SignIn(TypedDict):
    """`local`: whether some account may sign in with a password. `message`: the operator's, `ui.signinmessage`.

    `automatic`: whether the page goes to the first provider by itself, `ui.autosignin`. `ended`: why the session that
    the request presents does not count any more; empty without one.
    """

    providers: list[SignInProvider]
    local: bool
    buttonText: str
    message: str
    automatic: bool
    ended: str


def sign_in_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def answer(request: ApiRequest) -> SignIn:
        settings = context.configuration.settings
        name = provider_name(settings)
        providers: list[SignInProvider] = [] if name is None else [{"name": name, "place": LOGIN}]
        return {
            "providers": providers,
            "local": has_local_sign_in(context.authentication.accounts.values()),
            "buttonText": settings.get("ui.loginButtonText", ""),
            "message": settings.get("ui.signinmessage", ""),
            "automatic": settings.get("ui.autosignin") == "true" and bool(providers),
            "ended": await _ended(context, request),
        }

    return (
        Endpoint(
            method="GET",
            path="/sign-in",
            summary="How to sign in, and why the presented session ended",
            needs=nothing(),
            answers=SignIn,
            answer=answer,
        ),
    )


async def _ended(context: ServerContext, request: ApiRequest) -> str:
    if not request.call.headers.get("cookie") or request.call.caller.signed_in:
        return ""
    try:
        await context.authentication.caller(request.call.headers)
    except ApiError as error:
        if not error.message.startswith(INVALID):
            return ""  # no session was presented
        reason = error.message.removeprefix(INVALID)
        return next(
            (text for part, text in ENDINGS if part in reason), f"Your session does not count any more: {reason}."
        )
    return ""
