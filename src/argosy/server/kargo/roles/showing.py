"""Roles of a project and of the system: list and get, as views or as the underlying objects."""

from __future__ import annotations

from collections.abc import Callable

from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import Asked, Endpoint, Reply
from argosy.server.kargo.roles.gathering import all_parts, parts_of
from argosy.server.kargo.roles.view import Parts, as_resources, role_of
from argosy.server.kargo.settings import KargoSettings

OWN = "/projects/{project}/roles"
SYSTEM = "/system/roles"
NamespaceOf = Callable[[Asked], str]


def showing_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (
        *_endpoints(context, OWN, lambda asked: asked.project, system=False),
        *_endpoints(context, SYSTEM, lambda _: settings.namespace, system=True),
    )


def _endpoints(context: ServerContext, path: str, namespace_of: NamespaceOf, *, system: bool) -> tuple[Endpoint, ...]:
    async def several(asked: Asked) -> Reply:
        found = await all_parts(context, asked, namespace_of(asked), system=system)
        return Reply([_shown(asked, parts) for parts in found])

    async def one(asked: Asked) -> Reply:
        return Reply(
            _shown(asked, await parts_of(context, asked, namespace_of(asked), asked.path["role"], system=system))
        )

    return (
        Endpoint(method="GET", path=path, needs=within("serviceaccounts", "list"), answer=several),
        Endpoint(method="GET", path=f"{path}/{{role}}", needs=within("serviceaccounts", "get"), answer=one),
    )


def _shown(asked: Asked, parts: Parts) -> object:
    return as_resources(parts) if asked.flag("as-resources") else role_of(parts)
