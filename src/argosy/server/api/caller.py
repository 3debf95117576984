"""Who one is, and what one may: asked in bulk, so that a page shows at once what is not for the one who looks."""

from __future__ import annotations

from typing import TypedDict

from argosy.server.api.endpoint import Asked, Endpoint
from argosy.server.calls import nothing, sign_in
from argosy.server.context import ServerContext
from argosy.server.errors import invalid
from argosy.server.permissions.policy import OWN_RESOURCES

MOST_QUESTIONS = 1000


class Me(TypedDict):
    """The one who asks. `anonymous`: reading is allowed without signing in."""

    signedIn: bool
    username: str
    groups: list[str]
    anonymous: bool
    version: str


class Right(TypedDict):
    """As in `policy.csv`: a resource, an action and an object such as `default/web`."""

    resource: str
    action: str
    object: str


class Rights(TypedDict):
    rights: list[Right]


class Allowed(TypedDict):
    """In the order of the question."""

    allowed: list[bool]


def caller_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    from argosy import __version__

    async def me(asked: Asked) -> Me:
        caller = asked.call.caller
        return {
            "signedIn": caller.signed_in,
            "username": caller.username,
            "groups": list(caller.subject.groups),
            "anonymous": context.configuration.anonymous,
            "version": __version__,
        }

    async def rights(asked: Asked) -> Allowed:
        given: Rights = asked.body
        if len(given["rights"]) > MOST_QUESTIONS:
            raise invalid(f"body.rights: {len(given['rights'])} are asked, {MOST_QUESTIONS} at most")
        for at, one in enumerate(given["rights"]):
            if one["resource"] not in OWN_RESOURCES:
                raise invalid(
                    f"body.rights[{at}].resource: {one['resource'][:40]!r} is none of {', '.join(OWN_RESOURCES)}"
                )
        return {"allowed": [asked.call.may(one["resource"], one["action"], one["object"]) for one in given["rights"]]}

    return (
        Endpoint(method="GET", path="/me", summary="Who one is", needs=nothing(), answers=Me, answer=me),
        Endpoint(
            method="POST",
            path="/rights",
            summary="Whether one may, for many questions at once",
            needs=sign_in(),
            takes=Rights,
            answers=Allowed,
            answer=rights,
        ),
    )
