"""Methods that this server does not have yet: they say so, to whoever is signed in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container

from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call, Route, sign_in
from argosy.server.errors import unimplemented
from argosy.server.schema.facts import methods


def unavailable_routes(known: Container[str]) -> dict[str, Route]:
    return {
        name: Route(needs=sign_in(), stream=_stream) if method.server_stream else Route(needs=sign_in(), unary=_unary)
        for name, method in methods().items()
        if name not in known
    }


async def _unary(call: Call) -> JsonObject:
    raise unimplemented(f"{call.method} is not available in this version")


async def _stream(call: Call) -> AsyncGenerator[JsonObject, None]:
    yield await _unary(call)
