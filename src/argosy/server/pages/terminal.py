"""`/terminal`: a shell in a container of an Application, over a web socket. Source: spec/argo-cd-api.md 8.

Rights are checked first, so that the answer does not reveal whether an Application exists; the Pod must be in the
Application's live tree. While it is open, session and right are checked again at each message and every few seconds
(security rule 11). Pods of the process's own cluster are simulated: rules and a few plain commands answer there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.cluster.http.streaming import websocket
from argosy.cluster.http.streaming.raw import ByteStream
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError
from argosy.server.pages.shells import Opening, Terminal
from argosy.server.services.applications.access import find
from argosy.server.services.applications.comparing import view
from argosy.server.services.applications.tree import Tree
from argosy.server.sessions.cookies import cookies_of, token_of
from argosy.server.transport.front import Page, netloc_of, plain_not_found
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.http1 import header_map
from argosy.server.transport.query import pairs

NEEDED: Final = ("pod", "container", "appName", "projectName", "namespace")
MISSING: Final = "terminals are not served here: `kubectl exec` opens one, with a kubeconfig of the workload's cluster"
SHELLS: Final = "bash,sh,powershell,cmd"


def terminal(context: ServerContext, dispatcher: Dispatcher) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        if not context.configuration.flag("exec.enabled"):
            return plain_not_found()
        headers = header_map(request)
        if not token_of(cookies_of(headers.get("cookie", ""))):
            return _plain(400, "Auth cookie not found")
        if not _is_of_here(context, headers.get("origin", ""), headers.get("host", "")):
            return _plain(403, "the page that asks is of another site")
        asked = dict(pairs(query))
        try:
            await dispatcher.who({"cookie": headers["cookie"]})
        except ApiError:
            return _plain(401, "Invalid token")
        if lacking := [name for name in NEEDED if not asked.get(name)]:
            return _plain(400, f"Missing required parameters: {', '.join(lacking)}")
        may = Entitled(context, dispatcher, headers["cookie"], asked, request.peer)
        try:
            app = await may.application()
        except ApiError as error:
            return _plain(error.http_status, error.message)
        client = await _cluster_of(context, app, asked)
        if client is None:
            return _plain(404, "Pod doesn't belong to specified app")
        opening = Opening(
            context, client, asked["namespace"], asked["pod"], asked["container"], _shells(context, asked)
        )
        if not context.pod_shells.are_of(client):
            return _plain(501, MISSING)
        if not websocket.is_asked_for(request):
            return _plain(400, "Bad Request")

        async def talk(stream: ByteStream) -> None:
            await Terminal(context.clock, websocket.WebSocket(stream), may.is_still).run(opening)

        return Response(101, b"", "", websocket.handshake(request, ""), upgrade=talk)

    return page


class Entitled:
    """Who opened it, and whether they still may."""

    def __init__(
        self, context: ServerContext, dispatcher: Dispatcher, cookie: str, asked: dict[str, str], peer: str
    ) -> None:
        self._context, self._dispatcher, self._cookie = context, dispatcher, cookie
        self._asked, self._peer = asked, peer

    async def application(self) -> JsonObject:
        """Raises ApiError without the right."""
        caller = await self._dispatcher.who({"cookie": self._cookie})
        enforcer = self._dispatcher.enforcer
        call = Call(method="terminal", request={}, caller=caller, enforcer=enforcer, peer=self._peer)
        namespace, project = self._asked.get("appNamespace", ""), self._asked["projectName"]
        found = await find(self._context, call, "get", self._asked["appName"], namespace=namespace, project=project)
        call.permit("exec", "create", found.target)
        return found.app

    async def is_still(self) -> bool:
        if not self._context.configuration.flag("exec.enabled"):
            return False
        try:
            await self.application()
        except ApiError:
            return False
        return True


async def _cluster_of(context: ServerContext, app: JsonObject, asked: dict[str, str]) -> Client | None:
    """The client of the Application's cluster, if the Pod is in its live tree."""
    seen = await view(context, app)
    if seen is None:
        return None
    nodes = (await Tree(context, app, seen).build())["nodes"]
    wanted = ("Pod", asked["namespace"], asked["pod"])
    if not any((node.get("kind"), node.get("namespace"), node.get("name")) == wanted for node in nodes):
        return None
    client: Client = seen.state.destination.client
    return client


def _shells(context: ServerContext, asked: dict[str, str]) -> tuple[str, ...]:
    """The shells to try: the requested one, if it is allowed."""
    text = context.configuration.settings.get("exec.shells") or SHELLS
    allowed = tuple(word for item in text.split(",") if (word := item.strip()))
    chosen = asked.get("shell", "")
    return (chosen,) if chosen in allowed else allowed


def _is_of_here(context: ServerContext, origin: str, host: str) -> bool:
    """Another site's page must not use the cookie; command-line clients send no Origin."""
    return not origin or netloc_of(origin) in {host, *map(netloc_of, context.configuration.own_urls)}


def _plain(status: int, text: str) -> Response:
    return replace(plain_not_found(), status=status, body=f"{text}\n".encode(), content_type=TEXT)
