"""`/healthz`: whether the server answers, and with `full` whether it reaches its Kubernetes API."""

from __future__ import annotations

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.status import StatusError
from argosy.server.context import ServerContext
from argosy.server.transport.front import Page
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.query import pairs


def health(context: ServerContext) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        if ("full", "true") in pairs(query):
            try:
                await context.client.served(fresh=True)
            except (StatusError, OSError) as error:
                return Response(503, f"the Kubernetes API: {type(error).__name__}\n".encode(), TEXT, [], "")
        return Response(200, b"ok\n", TEXT, [], "")

    return page
