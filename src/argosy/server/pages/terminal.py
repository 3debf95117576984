"""`/terminal`: whether a caller could have a shell in a container of an Application, and why there is none here.

The rights are asked first, so that nobody learns of an Application by what is said of its terminal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.server.calls import Call
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError
from argosy.server.services.applications.access import find
from argosy.server.sessions.cookies import cookies_of, token_of
from argosy.server.transport.front import Page, plain_not_found
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.http1 import header_map
from argosy.server.transport.query import pairs
from argosy.server.world import World

NEEDED: Final = ("pod", "container", "appName", "projectName", "namespace")
MISSING: Final = "terminals are not served here: `kubectl exec` opens one, with a kubeconfig of the workload's cluster"


def terminal(world: World, dispatcher: Dispatcher) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        if not world.configuration.flag("exec.enabled"):
            return plain_not_found()
        headers = header_map(request)
        token = token_of(cookies_of(headers.get("cookie", "")))
        if not token:
            return _plain(400, "Auth cookie not found")
        try:
            caller = await dispatcher.who({"cookie": headers["cookie"]})
        except ApiError:
            return _plain(401, "Invalid token")
        asked = dict(pairs(query))
        if lacking := [name for name in NEEDED if not asked.get(name)]:
            return _plain(400, f"Missing required parameters: {', '.join(lacking)}")
        call = Call(method="terminal", request={}, caller=caller, enforcer=dispatcher.enforcer, peer=request.peer)
        try:
            namespace, project = asked.get("appNamespace", ""), asked["projectName"]
            found = await find(world, call, "get", asked["appName"], namespace=namespace, project=project)
            call.permit("exec", "create", found.target)
        except ApiError as error:
            return _plain(error.http_status, error.message)
        return _plain(501, MISSING)

    return page


def _plain(status: int, text: str) -> Response:
    return replace(plain_not_found(), status=status, body=f"{text}\n".encode(), content_type=TEXT)
