"""Nobody grants rights they do not have: checks on writes of roles and bindings (security rule 4, spec section 15).

Upstream: kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased, and
component-helpers/auth/rbac/validation for covering.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

from argosy.cluster.admission.attributes import Attributes as Write
from argosy.cluster.auth.attributes import MASTERS, Attributes
from argosy.cluster.auth.rbac import (
    CLUSTER_ROLES,
    GROUP,
    PLURALS,
    ROLES,
    Rbac,
    Subject,
    binding_of,
)
from argosy.cluster.kind import User
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.machinery.text.go_text import quoted


def role_guard(rbac: Rbac) -> Callable[[Write], None]:
    """The check as the admission chain takes it."""

    def check(write: Write) -> None:
        resource = write.kind.resource
        if resource.group == GROUP and write.obj is not None and write.ctx.operation in ("CREATE", "UPDATE"):
            check_role_write(rbac, write.ctx.user, resource.plural, write.obj, write.old)
        elif resource.group == CERTIFICATES and write.obj is not None:
            check_certificate_write(rbac, write.ctx.user, write.ctx.subresource, write.obj, write.old)
        elif (resource.group, resource.plural) == ("", "serviceaccounts") and write.obj is not None:
            check_account_write(rbac, write.ctx.user, write.obj, write.old)

    return check


def check_role_write(rbac: Rbac, user: User, plural: str, obj: JsonObject, old: JsonObject | None) -> None:
    """Raises 403 when the write would grant rights that `user` does not have; `old` is None on create.

    To be called with the object as it would be stored, whatever verb was used (create, update, patch or apply). Every
    change counts, including labels: labels decide which aggregating roles include a role's rules.
    """
    if plural not in PLURALS or MASTERS in user.groups or (old is not None and _changes_for_deletion_only(obj, old)):
        return
    namespace, name = obj["metadata"].get("namespace") or "", obj["metadata"].get("name") or ""
    if plural in (ROLES, CLUSTER_ROLES):
        if rbac.judge(user, Attributes("escalate", GROUP, plural, "", namespace, name)).allowed:
            return
        if obj.get("aggregationRule") or (old or {}).get("aggregationRule"):
            _check_full_authority(rbac, user, name)
        wanted = obj.get("rules") or []
    else:
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


def _changes_for_deletion_only(obj: JsonObject, old: JsonObject) -> bool:
    """Whether only owners and finalizers differ: what the garbage collector needs (IsOnlyMutatingGCFields)."""

    def rest(found: JsonObject) -> JsonObject:
        metadata = {key: value for key, value in found["metadata"].items() if key not in _FOR_DELETION}
        return {**found, "metadata": metadata}

    return rest(obj) == rest(old)


_FOR_DELETION = frozenset({"ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation"})
FULL_AUTHORITY: tuple[JsonObject, ...] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)


def _check_full_authority(rbac: Rbac, user: User, name: str) -> None:
    """An aggregating role may gather any rule, later too: a user who creates or changes one needs every right."""
    if list(uncovered(rbac.rules_for(user, ""), FULL_AUTHORITY)):
        why = "must have cluster-admin privileges to use the aggregationRule"
        message = f"{CLUSTER_ROLES}.{GROUP} {quoted(name)} is forbidden: {why}"
        raise StatusError(403, "Forbidden", message, name=name, group=GROUP, kind=CLUSTER_ROLES)


CERTIFICATES = "certificates.k8s.io"
_SIGNING_REQUESTS = "certificatesigningrequests"
_CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"


def check_certificate_write(rbac: Rbac, user: User, subresource: str, obj: JsonObject, old: JsonObject | None) -> None:
    """Approving or signing for a signer needs that right on it. Nobody may request a `system:masters` certificate.

    Source: kubernetes plugin/pkg/admission/certificates: approval, signing, subjectrestriction. Raises 403.
    """
    if MASTERS in user.groups and (old is not None or not _requests_masters(obj)):
        return
    name, signer = obj["metadata"].get("name") or "", str((obj.get("spec") or {}).get("signerName") or "")
    if old is None:
        if signer == _CLIENT_SIGNER and _requests_masters(obj):
            raise _refused_request(name, f"use of {signer} signer with {MASTERS} group is not allowed")
        return
    status, before = obj.get("status") or {}, old.get("status") or {}
    if _decisions(status) != _decisions(before):
        if subresource != "approval":
            raise _refused_request(
                name, "conditions Approved and Denied are set through the approval subresource alone"
            )
        _require_signer(rbac, user, "approve", name, signer)
    if subresource == "status" and status.get("certificate") != before.get("certificate"):
        _require_signer(rbac, user, "sign", name, signer)


def _decisions(status: JsonObject) -> list[JsonObject]:
    return [item for item in status.get("conditions") or () if item.get("type") in ("Approved", "Denied")]


def _require_signer(rbac: Rbac, user: User, verb: str, name: str, signer: str) -> None:
    """The right on the signer by its name, or on its entire domain."""
    for asked in (signer, f"{signer.partition('/')[0]}/*"):
        if rbac.judge(user, Attributes(verb, CERTIFICATES, "signers", name=asked)).allowed:
            return
    raise _refused_request(name, f'user not permitted to {verb} requests with signerName "{signer}"')


def _requests_masters(obj: JsonObject) -> bool:
    try:
        raw = base64.b64decode(str((obj.get("spec") or {}).get("request") or ""), validate=True)
        subject = x509.load_pem_x509_csr(raw).subject
    except ValueError:
        return False  # refused later by validation or by the signer
    return any(part.value == MASTERS for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))


def _refused_request(name: str, why: str) -> StatusError:
    message = f"{_SIGNING_REQUESTS}.{CERTIFICATES} {quoted(name)} is forbidden: {why}"
    return StatusError(403, "Forbidden", message, name=name, group=CERTIFICATES, kind=_SIGNING_REQUESTS)


CLAIMS = "rbac.kargo.akuity.io/claim"
"""Prefixes of the annotations that let people act as the ServiceAccount (Kargo: `claims`, `claim.<name>`)."""


def check_account_write(rbac: Rbac, user: User, obj: JsonObject, old: JsonObject | None) -> None:
    """Changing who may act as an account needs all rights of that account, or the right to act as it. Raises 403.

    Not a rule of the real API server, which ignores these annotations. For the sign-in they amount to a binding.
    """
    if MASTERS in user.groups or _claims(obj) == (_claims(old) if old else {}):
        return
    namespace, name = obj["metadata"].get("namespace") or "", obj["metadata"].get("name") or ""
    if rbac.judge(user, Attributes("impersonate", "", "serviceaccounts", "", namespace, name)).allowed:
        return
    for place, role in rbac.roles_of(Subject("User", f"system:serviceaccount:{namespace}:{name}")):
        if missing := list(uncovered(rbac.rules_for(user, place), rbac.rules_of(role) or ())):
            raise _escalates(user, "serviceaccounts", name, missing, group="")


def _claims(obj: JsonObject) -> JsonObject:
    annotations = obj["metadata"].get("annotations") or {}
    return {key: value for key, value in annotations.items() if key.startswith(CLAIMS)}


def uncovered(held: Sequence[JsonObject], wanted: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """The single rights (one verb, group, resource, name or URL each) in `wanted` that no rule in `held` covers."""
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
    return StatusError(
        404, "NotFound", f"{plural}.{GROUP} {quoted(name)} not found", name=name, group=GROUP, kind=plural
    )


def _escalates(user: User, plural: str, name: str, missing: Sequence[JsonObject], group: str = GROUP) -> StatusError:
    groups = " ".join(f'"{member}"' for member in user.groups)
    lines = "\n".join(_spelled(single) for single in missing)
    what = f"{plural}.{group}" if group else plural
    message = (
        f"{what} {quoted(name)} is forbidden: user {quoted(user.name)} (groups=[{groups}]) is attempting to grant RBAC "
        f"permissions not currently held:\n{lines}"
    )
    return StatusError(403, "Forbidden", message, name=name, group=group, kind=plural)


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
