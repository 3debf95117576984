"""Nobody grants rights they do not hold: checks on writes of roles and bindings (security rule 4, spec section 15).

Upstream: kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased, and
component-helpers/auth/rbac/validation for covering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from argosy.cluster.admission.attributes import Attributes as Write
from argosy.cluster.auth.attributes import MASTERS, Attributes
from argosy.cluster.auth.rbac import (
    CLUSTER_ROLES,
    GROUP,
    PLURALS,
    ROLES,
    Rbac,
    aggregated_rules,
    binding_of,
)
from argosy.cluster.kind import Reader, User
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError


def role_guard(rbac: Rbac) -> Callable[[Write], None]:
    """The check as the admission chain takes it."""

    def check(write: Write) -> None:
        resource = write.kind.resource
        if resource.group == GROUP and write.obj is not None and write.ctx.operation in ("CREATE", "UPDATE"):
            check_role_write(rbac, write.ctx.reader, write.ctx.user, resource.plural, write.obj, write.old)

    return check


def check_role_write(
    rbac: Rbac, reader: Reader, user: User, plural: str, obj: JsonObject, old: JsonObject | None
) -> None:
    """Raises 403 when the write would grant what `user` does not hold; `old` is None on create.

    To be called with the object as it would be stored, whatever verb led there (create, update, patch or apply).
    """
    if plural not in PLURALS or MASTERS in user.groups:
        return
    namespace, name = obj["metadata"].get("namespace") or "", obj["metadata"].get("name") or ""
    if plural in (ROLES, CLUSTER_ROLES):
        if old is not None and _grants(old) == _grants(obj):
            return
        if rbac.judge(user, Attributes("escalate", GROUP, plural, "", namespace, name)).allowed:
            return
        wanted = [*(obj.get("rules") or ()), *(aggregated_rules(obj, reader.list(GROUP, CLUSTER_ROLES)) or ())]
    else:
        if old is not None and (old.get("roleRef"), old.get("subjects")) == (obj.get("roleRef"), obj.get("subjects")):
            return
        role = binding_of(obj).role
        bound = ROLES if role.namespace else CLUSTER_ROLES
        if rbac.judge(user, Attributes("bind", GROUP, bound, "", namespace, role.name)).allowed:
            return
        rules = rbac.rules_of(role)
        if rules is None:
            raise _missing_role(bound, role.name)
        wanted = rules
    if missing := list(uncovered(rbac.rules_for(user, namespace), wanted)):
        raise _escalates(user, plural, name, missing)


def _grants(role: JsonObject) -> tuple[object, object]:
    return role.get("rules") or [], role.get("aggregationRule")


def uncovered(held: Sequence[JsonObject], wanted: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """The single rights (one verb, group, resource, name or URL each) of `wanted` that no rule of `held` covers."""
    for rule in wanted:
        for single in _singles(rule):
            if not any(_covers(owner, single) for owner in held):
                yield single


def _singles(rule: JsonObject) -> Iterator[JsonObject]:
    for verb in rule.get("verbs") or ():
        for url in rule.get("nonResourceURLs") or ():
            yield {"verbs": [verb], "nonResourceURLs": [url]}
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                names = rule.get("resourceNames") or ()
                for name in names:
                    yield {"verbs": [verb], "apiGroups": [group], "resources": [resource], "resourceNames": [name]}
                if not names:
                    yield {"verbs": [verb], "apiGroups": [group], "resources": [resource]}


def _covers(owner: JsonObject, single: JsonObject) -> bool:
    if not _has(owner, "verbs", single["verbs"][0]):
        return False
    if urls := single.get("nonResourceURLs"):
        return any(_url_covers(held, urls[0]) for held in owner.get("nonResourceURLs") or ())
    if not _has(owner, "apiGroups", single["apiGroups"][0]) or not _covers_resource(owner, single["resources"][0]):
        return False
    held_names = owner.get("resourceNames") or ()
    return not held_names or any(name in held_names for name in single.get("resourceNames") or ())


def _has(owner: JsonObject, key: str, word: str) -> bool:
    held = owner.get(key) or ()
    return "*" in held or word in held


def _covers_resource(owner: JsonObject, resource: str) -> bool:
    if _has(owner, "resources", resource):
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and f"*/{subresource}" in (owner.get("resources") or ())


def _url_covers(held: str, url: str) -> bool:
    return held in ("*", url) or (held.endswith("*") and url.startswith(held[:-1]))


def _missing_role(plural: str, name: str) -> StatusError:
    return StatusError(404, "NotFound", f'{plural}.{GROUP} "{name}" not found', name=name, group=GROUP, kind=plural)


def _escalates(user: User, plural: str, name: str, missing: Sequence[JsonObject]) -> StatusError:
    groups = " ".join(f'"{group}"' for group in user.groups)
    lines = "\n".join(_spelled(single) for single in missing)
    message = (
        f'{plural}.{GROUP} "{name}" is forbidden: user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC '
        f"permissions not currently held:\n{lines}"
    )
    return StatusError(403, "Forbidden", message, name=name, group=GROUP, kind=plural)


def _spelled(single: JsonObject) -> str:
    labels = {
        "apiGroups": "APIGroups",
        "resources": "Resources",
        "resourceNames": "ResourceNames",
        "nonResourceURLs": "NonResourceURLs",
        "verbs": "Verbs",
    }
    parts = [f'{label}:["{single[key][0]}"]' for key, label in labels.items() if key in single]
    return "{" + ", ".join(parts) + "}"
