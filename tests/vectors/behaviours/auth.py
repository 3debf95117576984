"""R: authentication and authorization."""

from __future__ import annotations

from typing import Any

from .kubectl import Kubectl
from .objects import ACCOUNTS, CONFIG_MAPS, RBAC, ROLE_BINDINGS, ROLES, config_map
from .table import proves, proves_with_kubectl
from .world import World

SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
SELF_REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
GROUP = "rbac.authorization.k8s.io"


async def _who(world: World, **more: Any) -> Any:
    return (await world.make(SELF, SELF_REVIEW, **more))["status"]["userInfo"]


async def _grant(world: World, *rules: Any, user: str = "alice") -> None:
    await world.make(ROLES, {"metadata": {"name": "r"}, "rules": list(rules)})
    subject = {"apiGroup": GROUP, "kind": "User", "name": user}
    reference = {"apiGroup": GROUP, "kind": "Role", "name": "r"}
    await world.make(ROLE_BINDINGS, {"metadata": {"name": "b"}, "subjects": [subject], "roleRef": reference})


@proves("R01")
async def strangers_are_not_let_in(world: World) -> None:
    for user in ("", "no-such-token"):
        status = (await world.send("GET", CONFIG_MAPS, user=user)).refused(401, "Unauthorized")
        assert status["message"] == "Unauthorized"


@proves("R03")
async def a_client_certificate_names_user_and_groups(world: World) -> None:
    subject = [("organizationName", "g1"), ("organizationName", "g2"), ("commonName", "u")]
    found = await _who(world, user="", certificate=subject)
    assert found["username"] == "u"
    assert sorted(found["groups"]) == ["g1", "g2", "system:authenticated"]


@proves("R04")
async def a_requested_token_is_its_service_account(world: World) -> None:
    account = await world.make(ACCOUNTS, {"metadata": {"name": "bot"}})
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = (await world.make(f"{ACCOUNTS}/bot/token", request))["status"]["token"]
    found = await _who(world, user=token)
    assert found["username"] == "system:serviceaccount:default:bot"
    assert found["uid"] == account["metadata"]["uid"]
    groups = ["system:authenticated", "system:serviceaccounts", "system:serviceaccounts:default"]
    assert sorted(found["groups"]) == groups
    await world.delete(f"{ACCOUNTS}/bot")
    (await world.send("POST", SELF, SELF_REVIEW, user=token)).refused(401, "Unauthorized")


@proves("R07")
async def an_administrator_may_act_as_others(world: World) -> None:
    headers = {"impersonate-user": "eve", "impersonate-group": ["g1", "g2"], "impersonate-extra-reason": "test"}
    found = await _who(world, headers=headers)
    assert found["username"] == "eve"
    assert sorted(found["groups"]) == ["g1", "g2", "system:authenticated"]
    assert found["extra"] == {"reason": ["test"]}
    refused = await world.send("POST", SELF, SELF_REVIEW, user="alice", headers={"impersonate-user": "eve"})
    refused.refused(403, "Forbidden", 'cannot impersonate resource "users"')


@proves("R09")
async def what_no_rule_allows_is_forbidden_before_it_is_looked_for(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map())
    body = config_map("new")
    for method, path, verb, sent in (
        ("GET", f"{CONFIG_MAPS}/a", "get", b""),
        ("GET", f"{CONFIG_MAPS}/absent", "get", b""),
        ("GET", CONFIG_MAPS, "list", b""),
        ("GET", f"{CONFIG_MAPS}?watch=1", "watch", b""),
        ("POST", CONFIG_MAPS, "create", body),
        ("PUT", f"{CONFIG_MAPS}/a", "update", body),
        ("PATCH", f"{CONFIG_MAPS}/a", "patch", body),
        ("DELETE", f"{CONFIG_MAPS}/a", "delete", b""),
        ("DELETE", CONFIG_MAPS, "deletecollection", b""),
    ):
        answer = await world.send(method, path, sent, user="alice", content="application/merge-patch+json")
        text = f'User "alice" cannot {verb} resource "configmaps" in API group "" in the namespace "default"'
        answer.refused(403, "Forbidden", text)


@proves("R10")
async def a_named_rule_covers_that_name_only(world: World) -> None:
    verbs = ["get", "list", "watch"]
    await _grant(world, {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"], "verbs": verbs})
    await world.make(CONFIG_MAPS, config_map())
    await world.get(f"{CONFIG_MAPS}/a", user="alice")
    (await world.send("GET", f"{CONFIG_MAPS}/b", user="alice")).refused(403, "Forbidden")
    (await world.send("GET", CONFIG_MAPS, user="alice")).refused(403, "Forbidden")
    found = await world.get(f"{CONFIG_MAPS}?fieldSelector=metadata.name%3Da", user="alice")
    assert [item["metadata"]["name"] for item in found["items"]] == ["a"]


@proves("R12")
async def cluster_roles_gather_the_rules_of_those_they_select(world: World) -> None:
    roles = f"{RBAC}/clusterroles"
    selector = {"clusterRoleSelectors": [{"matchLabels": {"into": "sum"}}]}
    await world.make(roles, {"metadata": {"name": "sum"}, "aggregationRule": selector, "rules": []})
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    await world.make(roles, {"metadata": {"name": "part", "labels": {"into": "sum"}}, "rules": [rule]})
    await world.pass_time()
    assert (await world.get(f"{roles}/sum"))["rules"] == [rule]
    await world.delete(f"{roles}/part")
    await world.pass_time()
    assert not (await world.get(f"{roles}/sum"))["rules"]


@proves_with_kubectl("R14")
async def kubectl_lists_the_union_of_rights(kubectl: Kubectl) -> None:
    for name, resource, verb in (("one", "pods", "get"), ("two", "secrets", "create")):
        await kubectl.run("create", "role", name, f"--resource={resource}", f"--verb={verb}")
        await kubectl.run("create", "rolebinding", name, f"--role={name}", "--user=bob")
    printed = await kubectl.run("auth", "can-i", "--list", "--as=bob")
    rows = {line.split()[0]: line.split()[-1] for line in printed.splitlines()[1:] if line.strip()}
    assert rows["pods"] == "[get]"
    assert rows["secrets"] == "[create]"
    assert rows["selfsubjectreviews.authentication.k8s.io"] == "[create]"
