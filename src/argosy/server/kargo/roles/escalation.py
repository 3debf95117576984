"""Nobody grants, binds or maps rights that they lack (security rule 4).

We write with the server's rights, which are wide, so Kubernetes' own escalation check would check the server:
instead, each verb of each rule is checked for the caller here. Source: spec/kargo-api.md 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from argosy.server.context import ServerContext
from argosy.server.kargo.access import Question
from argosy.server.kargo.claims import ClaimsError, claims_of
from argosy.server.kargo.endpoint import ApiRequest
from argosy.server.kargo.faults import Fault, invalid

ACCOUNT_NAME = "kubernetes.io/service-account.name"
TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105  # a type's name


async def check_rules(request: ApiRequest, namespace: str, rules: Iterable[JsonObject]) -> None:
    """Raises Fault 403. Only callers with `*` hold `*`."""
    if request.identity.is_admin:
        return
    for rule in rules:
        if rule.get("nonResourceURLs"):
            raise _refused("*", str(rule["nonResourceURLs"][0]))
        groups, resources = rule.get("apiGroups") or ("",), rule.get("resources") or ()
        names = rule.get("resourceNames") or ("",)
        for verb, group, resource, name in product(rule.get("verbs") or (), groups, resources, names):
            plural, _, below = str(resource).partition("/")
            if not await request.access.holds(Question(str(verb), str(group), plural, below, namespace, str(name))):
                raise _refused(str(verb), str(resource))


def _refused(verb: str, resource: str) -> Fault:
    why = f'requester may not grant permissions it does not hold: verb "{verb}" on resource "{resource}"'
    return Fault(403, f"{resource} is forbidden: {why}")


async def check_manifest(
    context: ServerContext, request: ApiRequest, obj: JsonObject, global_namespaces: Sequence[str]
) -> None:
    """For a manifest in a request. Raises Fault."""
    if request.identity.is_admin:
        return
    api, kind = str(obj.get("apiVersion") or ""), obj.get("kind")
    metadata = obj.get("metadata") or {}
    namespace, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
    if api.startswith("rbac.authorization.k8s.io/"):
        await _check_rbac(context, request, obj, namespace)
    elif (api, kind) == ("v1", "ServiceAccount"):
        try:
            maps = claims_of(metadata.get("annotations") or {})
        except ClaimsError as error:
            raise invalid(str(error)) from None
        if maps:
            await check_account(context, request, namespace, name, global_namespaces)
    elif (api, kind) == ("v1", "Secret") and obj.get("type") == TOKEN_TYPE:
        account = str((metadata.get("annotations") or {}).get(ACCOUNT_NAME) or "")
        await check_account(context, request, namespace, account, global_namespaces)


async def _check_rbac(context: ServerContext, request: ApiRequest, obj: JsonObject, namespace: str) -> None:
    kind = obj.get("kind")
    if kind in ("Role", "ClusterRole"):
        if obj.get("aggregationRule"):
            raise _refused("*", "clusterroles")
        await check_rules(request, namespace if kind == "Role" else "", obj.get("rules") or ())
    elif kind in ("RoleBinding", "ClusterRoleBinding"):
        space = namespace if kind == "RoleBinding" else ""
        await check_rules(request, space, await _rules(context, space, obj.get("roleRef") or {}))


async def check_account(
    context: ServerContext, request: ApiRequest, namespace: str, name: str, global_namespaces: Sequence[str]
) -> None:
    """All rights of the account: mapping claims to it, or creating a token for it, grants them."""
    if request.identity.is_admin:
        return
    everywhere = namespace in global_namespaces
    for binding in (
        await context.client.page(requests.List(resource=ROLE_BINDINGS, namespace="" if everywhere else namespace))
    ).items:
        space = str(binding["metadata"]["namespace"])
        if _names(binding, namespace, name):
            await check_rules(request, space, await _rules(context, space, binding.get("roleRef") or {}))
    for binding in (await context.client.page(requests.List(resource=CLUSTER_ROLE_BINDINGS))).items:
        if _names(binding, namespace, name):
            await check_rules(request, "", await _rules(context, "", binding.get("roleRef") or {}))


def _names(binding: JsonObject, namespace: str, name: str) -> bool:
    own = str(binding["metadata"].get("namespace") or "")
    return any(
        subject.get("kind") == "ServiceAccount"
        and subject.get("name") == name
        and (subject.get("namespace") or own) == namespace
        for subject in binding.get("subjects") or ()
    )


async def _rules(context: ServerContext, namespace: str, reference: JsonObject) -> list[JsonObject]:
    """For the role of a binding; a role that does not exist cannot be bound. Raises Fault, StatusError."""
    name = str(reference.get("name") or "")
    if reference.get("kind") == "Role" and namespace:
        found = await context.client.get(requests.Get(ROLES, Key(namespace, name)))
    elif reference.get("kind") == "ClusterRole":
        found = await context.client.get(requests.Get(CLUSTER_ROLES, Key("", name)))
    else:
        raise invalid(f"roleRef.kind: {str(reference.get('kind'))[:60]!r} is neither Role nor ClusterRole")
    return list(found.get("rules") or ())
