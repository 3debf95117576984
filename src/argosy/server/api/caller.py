"""Who one is, and what one may: asked in bulk, so that a page shows at once what is not for the one who looks."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.appearance import Banner, Help, Tokens, banner_of, help_of, tokens_of
from argosy.server.calls import Call, nothing, sign_in, within
from argosy.server.context import ServerContext
from argosy.server.errors import invalid
from argosy.server.permissions.holders import Holder, by_cluster_roles, by_policy
from argosy.server.permissions.policy import OWN_RESOURCES

MOST_QUESTIONS = 1000


class Me(TypedDict):
    """The caller, and how the page looks for everyone. `anonymous`: reading is allowed without signing in.

    `banner`: null without one, and for who may read nothing.
    """

    signedIn: bool
    username: str
    groups: list[str]
    anonymous: bool
    version: str
    tokens: Tokens
    banner: Banner | None
    help: Help


class Right(TypedDict):
    """As in `policy.csv`: a resource, an action and an object such as `default/web`.

    Without an object: whether there may be one for which the caller has the right, to offer a form that names it.
    """

    resource: str
    action: str
    object: NotRequired[str]


class Rights(TypedDict):
    rights: list[Right]


class Allowed(TypedDict):
    """In the order of the questions."""

    allowed: list[bool]


class Holding(TypedDict):
    """`through`: roles on the way, or the binding; `rule`: as it is written there."""

    subject: str
    through: list[str]
    rule: str


class Holders(TypedDict):
    """`policy`: who has the right here; `kubernetes`: who has the like with `kubectl` and `kargo`."""

    policy: list[Holding]
    kubernetes: list[Holding]


RBAC: Final = "rbac.authorization.k8s.io"
PROMOTE: Final = "action/promote"
STAGE_PREFIX: Final = "kargo.akuity.io/Stage/"


def caller_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    from argosy import __version__

    async def me(request: ApiRequest) -> Me:
        caller, settings = request.call.caller, context.configuration.settings
        may_read = caller.signed_in or context.configuration.anonymous
        return {
            "signedIn": caller.signed_in,
            "username": caller.username,
            "groups": list(caller.subject.groups),
            "anonymous": context.configuration.anonymous,
            "version": __version__,
            "tokens": tokens_of(settings),
            "banner": banner_of(settings) if may_read else None,
            "help": help_of(settings),
        }

    async def rights(request: ApiRequest) -> Allowed:
        given: Rights = request.body
        if len(given["rights"]) > MOST_QUESTIONS:
            raise invalid(f"body.rights: {len(given['rights'])} are asked, {MOST_QUESTIONS} at most")
        for at, one in enumerate(given["rights"]):
            if one["resource"] not in OWN_RESOURCES:
                raise invalid(
                    f"body.rights[{at}].resource: {one['resource'][:40]!r} is none of {', '.join(OWN_RESOURCES)}"
                )
        return {"allowed": [_is_allowed(context, request.call, one) for one in given["rights"]]}

    async def holders(request: ApiRequest) -> Holders:
        """For resources that Kubernetes does not know by name, only the policy's part is returned."""
        request.call.permit("accounts", "get", "*")
        resource, action, target = request.one("resource"), request.one("action"), request.one("object")
        if resource not in OWN_RESOURCES:
            raise invalid(f"query: resource: {resource[:40]!r} is none of {', '.join(OWN_RESOURCES)}")
        policy = by_policy(request.call.enforcer(), resource, action, target)
        promotes = resource == "objects" and action == PROMOTE and target.startswith(STAGE_PREFIX)
        found = await _promoters(context, target.removeprefix(STAGE_PREFIX)) if promotes else []
        return {"policy": [_holding(one) for one in policy], "kubernetes": [_holding(one) for one in found]}

    return (
        Endpoint(
            method="GET",
            path="/rights/holders",
            summary="Who has a right, and by which rule",
            needs=within("accounts", "get"),
            parameters=(
                Parameter("resource", "as in policies, such as `objects`"),
                Parameter("action", "such as `action/promote`"),
                Parameter("object", "such as `kargo.akuity.io/Stage/shop/prod`"),
            ),
            answers=Holders,
            answer=holders,
        ),
        Endpoint(method="GET", path="/me", summary="The caller", needs=nothing(), answers=Me, answer=me),
        Endpoint(
            method="POST",
            path="/rights",
            summary="Whether the caller has rights, for many questions at once",
            needs=sign_in(),
            takes=Rights,
            answers=Allowed,
            answer=rights,
        ),
    )


def _is_allowed(context: ServerContext, call: Call, right: Right) -> bool:
    resource, action = right["resource"], right["action"]
    if action == "rollback" and not context.configuration.flag("server.rbac.rollback.enforce.enable"):
        action = "sync"
    if (target := right.get("object")) is not None:
        return call.may(resource, action, target)
    projects = (str(one["metadata"]["name"]) for one in context.gitops.plane.projects.list())
    return call.enforcer().allows_some(call.caller.subject, resource, action, projects)


async def _promoters(context: ServerContext, stage: str) -> list[Holder]:
    """By Kubernetes' roles: `stage` is `<namespace>/<name>`."""
    namespace, _, name = stage.partition("/")

    async def listed(plural: str, kind: str, where: str = "") -> list[JsonObject]:
        resource = Resource(RBAC, "v1", plural, kind, namespaced=bool(where))
        return list((await context.client.page(requests.List(resource=resource, namespace=where))).items)

    roles = [*await listed("clusterroles", "ClusterRole"), *await listed("roles", "Role", namespace)]
    bindings = [
        *await listed("clusterrolebindings", "ClusterRoleBinding"),
        *await listed("rolebindings", "RoleBinding", namespace),
    ]
    return by_cluster_roles(roles, bindings, group="kargo.akuity.io", plural="stages", verb="promote", name=name)


def _holding(one: Holder) -> Holding:
    return {"subject": one.subject, "through": list(one.through), "rule": one.rule}
