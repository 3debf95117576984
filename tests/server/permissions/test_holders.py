"""Who has a permission, and by what: every listed subject is allowed, and no other is listed."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.server.permissions.enforcement import Enforcer, Subject
from argosy.server.permissions.holders import EVERYBODY, Holder, by_cluster_roles, by_policy

PROD = ("objects", "action/promote", "kargo.akuity.io/Stage/shop/prod")
POLICY = """\
p, role:releaser, objects, action/promote, kargo.akuity.io/Stage/shop/*, allow
p, role:unused, objects, action/*, kargo.akuity.io/Stage/*/*, allow
p, carl, objects, action/promote, kargo.akuity.io/Stage/shop/test, allow
p, dora, objects, action/promote, kargo.akuity.io/Stage/shop/prod, deny
g, team-release, role:releaser
g, role:lead, role:releaser
g, eve, role:lead
g, dora, role:releaser
"""
PROJECT: JsonObject = {
    "metadata": {"name": "default"},
    "spec": {
        "roles": [
            {
                "name": "ops",
                "policies": ["p, proj:default:ops, applications, sync, default/*, allow"],
                "groups": ["ops"],
            }
        ]
    },
}


def enforcer(policy: str = POLICY, **more: str) -> Enforcer:
    return Enforcer({"policy.csv": policy, **more}, {"default": PROJECT}.get)


def test_each_holder_is_reported_with_the_rule_and_the_roles_that_give_it() -> None:
    rule = "p, role:releaser, objects, action/promote, kargo.akuity.io/Stage/shop/*, allow"
    assert by_policy(enforcer(), *PROD) == [
        Holder("admin", ("role:admin",), "p, role:admin, objects, action/*, *, allow"),
        Holder("eve", ("role:lead", "role:releaser"), rule),
        Holder("role:unused", (), "p, role:unused, objects, action/*, kargo.akuity.io/Stage/*/*, allow"),
        Holder("team-release", ("role:releaser",), rule),
    ]


def test_listed_subjects_are_allowed_and_all_others_are_refused() -> None:
    found = {one.subject for one in by_policy(enforcer(), *PROD)}
    for name in ("admin", "eve", "team-release", "carl", "dora", "nobody"):
        assert (name in found) == enforcer().allows(Subject(name), *PROD), name


def test_a_default_role_gives_it_to_everybody() -> None:
    found = by_policy(enforcer(**{"policy.default": "role:unused"}), *PROD)
    assert (EVERYBODY, ("role:unused",)) in [(one.subject, one.through) for one in found]


def test_roles_of_the_project_count_for_what_is_in_it() -> None:
    found = by_policy(enforcer(""), "applications", "sync", "default/web")
    assert [one.subject for one in found] == ["admin", "ops", "proj:default:ops"]
    assert [one.subject for one in by_policy(enforcer(""), "applications", "sync", "other/web")] == ["admin"]


def role(name: str, namespace: str = "", **rule: list[str]) -> JsonObject:
    place = {"namespace": namespace} if namespace else {}
    given = {"verbs": ["promote"], "apiGroups": ["kargo.akuity.io"], "resources": ["stages"], **rule}
    return {"metadata": {"name": name, **place}, "rules": [given]}


def binding(name: str, kind: str, of: str, *subjects: JsonObject, namespace: str = "") -> JsonObject:
    place = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, **place}, "roleRef": {"kind": kind, "name": of}, "subjects": list(subjects)}


def test_kubernetes_roles_give_it_through_their_bindings() -> None:
    roles = [
        role("promoter", "shop", resourceNames=["prod"]),
        role("other", "shop", resourceNames=["test"]),
        role("all", verbs=["*"], apiGroups=["*"], resources=["*"]),
        role("reader", verbs=["get"]),
    ]
    ann = {"kind": "User", "name": "ann"}
    bot = {"kind": "ServiceAccount", "name": "bot", "namespace": "shop"}
    bindings = [
        binding("promoters", "Role", "promoter", ann, bot, namespace="shop"),
        binding("others", "Role", "other", {"kind": "User", "name": "bob"}, namespace="shop"),
        binding("readers", "ClusterRole", "reader", {"kind": "User", "name": "cid"}),
        binding("masters", "ClusterRole", "all", {"kind": "Group", "name": "system:masters"}),
    ]
    found = by_cluster_roles(roles, bindings, group="kargo.akuity.io", plural="stages", verb="promote", name="prod")
    assert [(one.subject, one.through[1]) for one in found] == [
        ("Group system:masters", "ClusterRoleBinding masters"),
        ("ServiceAccount shop/bot", "RoleBinding promoters"),
        ("User ann", "RoleBinding promoters"),
    ]
    assert found[-1].rule == "promote of stages prod in kargo.akuity.io"
