"""Nobody grants what they do not hold (security rule 4)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.auth.escalation import check_role_write, uncovered
from argosy.cluster.auth.rbac import GROUP, Rbac
from argosy.cluster.kind import User
from argosy.machinery.status import StatusError

BOB = User("bob", ("system:authenticated",))
PODS = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
SECRETS = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
ROLES = {"verbs": ["*"], "apiGroups": [GROUP], "resources": ["roles", "rolebindings", "clusterroles"]}


def holding(*rules: dict[str, Any]) -> Rbac:
    rbac = Rbac()
    rbac.observe(GROUP, "roles", None, {"metadata": {"name": "own", "namespace": "ns"}, "rules": list(rules)})
    subjects = [{"kind": "User", "name": "bob"}]
    ref = {"kind": "Role", "name": "own"}
    bound = {"metadata": {"name": "own", "namespace": "ns"}, "roleRef": ref, "subjects": subjects}
    rbac.observe(GROUP, "rolebindings", None, bound)
    return rbac


def role(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "r2", "namespace": "ns"}, "rules": list(rules), **more}


def write(rbac: Rbac, plural: str, obj: dict[str, Any], old: dict[str, Any] | None = None, user: User = BOB) -> None:
    check_role_write(rbac, user, plural, obj, old)


def test_a_role_of_held_rights_is_granted_and_a_stronger_one_refused_with_the_missing_rights() -> None:
    rbac = holding(PODS, {"verbs": ["get"], "apiGroups": [GROUP], "resources": ["roles"]})
    write(rbac, "roles", role(PODS))
    with pytest.raises(StatusError) as refused:
        write(rbac, "roles", role(PODS, SECRETS))
    assert refused.value.code == 403
    assert refused.value.message == (
        'roles.rbac.authorization.k8s.io "r2" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting '
        'to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    )


def test_the_verb_escalate_lifts_the_check() -> None:
    write(holding(ROLES), "roles", role(SECRETS))


def test_an_update_for_the_garbage_collector_alone_is_not_checked() -> None:
    kept = {"name": "r2", "namespace": "ns", "finalizers": ["x/y"], "ownerReferences": []}
    write(holding(PODS), "roles", role(SECRETS, metadata=kept), role(SECRETS))


@pytest.mark.parametrize("change", [{"labels": {"a": "b"}}, {"annotations": {"a": "b"}}])
def test_any_other_update_needs_the_rights_of_the_role(change: dict[str, Any]) -> None:
    """By a label its rules get into roles that aggregate it."""
    changed = role(SECRETS, metadata={"name": "r2", "namespace": "ns", **change})
    with pytest.raises(StatusError, match="not currently held"):
        write(holding(PODS), "roles", changed, role(SECRETS))


def test_an_aggregating_role_needs_everything_even_while_it_gathers_nothing() -> None:
    aggregating = role(aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"no": "role"}}]})
    for old in (None, role(), aggregating):
        for new in (aggregating, role()):
            if new is not old and "aggregationRule" in {**new, **(old or {})}:
                with pytest.raises(StatusError, match="must have cluster-admin privileges to use the aggregationRule"):
                    write(holding(PODS), "clusterroles", new, old)


def _binding(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "b", "namespace": "ns"},
        "roleRef": {"kind": "Role", "name": name},
        "subjects": [{"kind": "User", "name": "bob"}],
    }


def test_binding_needs_the_rights_of_the_role_or_the_verb_bind() -> None:
    rbac = holding(PODS)
    rbac.observe(GROUP, "roles", None, {"metadata": {"name": "strong", "namespace": "ns"}, "rules": [SECRETS]})
    rbac.observe(GROUP, "roles", None, {"metadata": {"name": "weak", "namespace": "ns"}, "rules": [PODS]})
    write(rbac, "rolebindings", _binding("weak"))
    with pytest.raises(StatusError, match="not currently held"):
        write(rbac, "rolebindings", _binding("strong"))
    with pytest.raises(StatusError, match="not found"):
        write(rbac, "rolebindings", _binding("absent"))
    binder = holding({"verbs": ["bind"], "apiGroups": [GROUP], "resources": ["roles"], "resourceNames": ["strong"]})
    write(binder, "rolebindings", _binding("strong"))
    with pytest.raises(StatusError):
        write(binder, "rolebindings", _binding("other"))


def test_masters_grant_anything() -> None:
    write(Rbac(), "clusterroles", role(SECRETS), user=User("root", ("system:masters",)))


@pytest.mark.parametrize(
    ("held", "wanted", "covered"),
    [
        (PODS, PODS, True),
        (PODS, {**PODS, "verbs": ["delete"]}, False),
        (PODS, {**PODS, "verbs": ["*"]}, False),
        ({**PODS, "verbs": ["*"]}, {**PODS, "verbs": ["*"]}, True),
        (PODS, {**PODS, "resources": ["*"]}, False),
        (PODS, {**PODS, "apiGroups": ["*"]}, False),
        (PODS, {**PODS, "resourceNames": ["a"]}, True),
        ({**PODS, "resourceNames": ["a"]}, PODS, False),
        ({**PODS, "resourceNames": ["a"]}, {**PODS, "resourceNames": ["a", "b"]}, False),
        ({**PODS, "resources": ["*/log"]}, {**PODS, "resources": ["pods/log"]}, True),
        ({"verbs": ["get"], "nonResourceURLs": ["/a/*"]}, {"verbs": ["get"], "nonResourceURLs": ["/a/b"]}, True),
        ({"verbs": ["get"], "nonResourceURLs": ["/a"]}, {"verbs": ["get"], "nonResourceURLs": ["/a/*"]}, False),
    ],
)
def test_covering_is_by_single_rights(held: dict[str, Any], wanted: dict[str, Any], *, covered: bool) -> None:
    assert (not list(uncovered([held], [wanted]))) is covered
