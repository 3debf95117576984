"""Roles of a project and of the system: list and get, as views or as the underlying objects."""

from __future__ import annotations

from collections.abc import Callable

from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.roles.gathering import all_parts, parts_of
from argosy.server.kargo.roles.view import Parts, as_resources, role_of
from argosy.server.kargo.settings import KargoSettings

OWN = "/projects/{project}/roles"
SYSTEM = "/system/roles"
NamespaceOf = Callable[[ApiRequest], str]


def showing_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (
        *_endpoints(context, OWN, lambda request: request.project, system=False),
        *_endpoints(context, SYSTEM, lambda _: settings.namespace, system=True),
    )


def _endpoints(context: ServerContext, path: str, namespace_of: NamespaceOf, *, system: bool) -> tuple[Endpoint, ...]:
    async def several(request: ApiRequest) -> Reply:
        found = await all_parts(context, request, namespace_of(request), system=system)
        return Reply([_shown(request, parts) for parts in found])

    async def one(request: ApiRequest) -> Reply:
        return Reply(
            _shown(
                request, await parts_of(context, request, namespace_of(request), request.path["role"], system=system)
            )
        )

    return (
        Endpoint(method="GET", path=path, needs=within("serviceaccounts", "list"), answer=several),
        Endpoint(method="GET", path=f"{path}/{{role}}", needs=within("serviceaccounts", "get"), answer=one),
    )


def _shown(request: ApiRequest, parts: Parts) -> object:
    return as_resources(parts) if request.flag("as-resources") else role_of(parts)
