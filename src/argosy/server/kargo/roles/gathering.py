"""Reads the objects behind a role, with the caller's rights."""

from __future__ import annotations

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import CLUSTER_ROLES, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS
from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import ApiRequest
from argosy.server.kargo.faults import Fault
from argosy.server.kargo.roles.view import SYSTEM_ROLE, Parts


async def parts_of(
    context: ServerContext, request: ApiRequest, namespace: str, name: str, *, system: bool = False
) -> Parts:
    """`system`: a role of the system, marked by a label. Raises Fault."""
    where = f'error getting ServiceAccount "{name}" in namespace "{namespace}"'
    try:
        account = await request.objects.read(SERVICE_ACCOUNTS, Key(namespace, name))
    except Fault as fault:
        raise Fault(fault.code, f"{where}: {fault.message}") from None
    if system and not is_system_role(account):
        raise Fault(404, f'Role.rbac.kargo.akuity.io "{name}" not found')
    bindings, _ = await request.objects.list(ROLE_BINDINGS, namespace)
    return await _bound(context, request, account, [one for one in bindings if _binds(one, namespace, name)])


async def all_parts(
    context: ServerContext, request: ApiRequest, namespace: str, *, system: bool = False
) -> list[Parts]:
    """For every ServiceAccount there, by name; bindings are listed once."""
    accounts, _ = await request.objects.list(SERVICE_ACCOUNTS, namespace)
    bindings, _ = await request.objects.list(ROLE_BINDINGS, namespace)
    found = []
    for account in accounts:
        if system and not is_system_role(account):
            continue
        name = account["metadata"]["name"]
        bound = [one for one in bindings if _binds(one, namespace, name)]
        found.append(await _bound(context, request, account, bound))
    return found


def is_system_role(account: JsonObject) -> bool:
    return (account["metadata"].get("labels") or {}).get(SYSTEM_ROLE) == "true"


def _binds(binding: JsonObject, namespace: str, name: str) -> bool:
    return any(
        subject.get("kind") == "ServiceAccount"
        and subject.get("namespace") == namespace
        and subject.get("name") == name
        for subject in binding.get("subjects") or ()
    )


async def _bound(context: ServerContext, request: ApiRequest, account: JsonObject, bindings: list[JsonObject]) -> Parts:
    roles, cluster_roles = [], []
    for binding in bindings:
        reference = binding.get("roleRef") or {}
        name, namespace = str(reference.get("name") or ""), binding["metadata"]["namespace"]
        if reference.get("kind") == "Role":
            roles.append(await request.objects.read(ROLES, Key(namespace, name)))
        else:
            # The right to see the binding suffices; tenants cannot see ClusterRoles otherwise.
            cluster_roles.append(await context.client.get(requests.Get(CLUSTER_ROLES, Key("", name))))
    return Parts(account=account, roles=tuple(roles), cluster_roles=tuple(cluster_roles), bindings=tuple(bindings))
