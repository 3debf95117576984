"""RBAC as a table of rules and questions, and its index as the store changes."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.auth.attributes import Attributes, forbidden
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.auth.rbac import GROUP, Rbac, Rule, aggregated_rules
from argosy.cluster.kind import User

ANN = User("ann", ("dev", "system:authenticated"))


def rule(
    verbs: str = "get", groups: str = "", resources: str = "pods", names: str = "", urls: str = ""
) -> dict[str, Any]:
    found: dict[str, Any] = {"verbs": verbs.split(",")}
    if urls:
        return {**found, "nonResourceURLs": urls.split(",")}
    found |= {"apiGroups": groups.split(","), "resources": resources.split(",")}
    return {**found, "resourceNames": names.split(",")} if names else found


def asks(verb: str = "get", group: str = "", resource: str = "pods", name: str = "", path: str = "") -> Attributes:
    plural, _, sub = resource.partition("/")
    return Attributes(verb, group, "" if path else plural, sub, "", name, path)


@pytest.mark.parametrize(
    ("held", "asked", "allowed"),
    [
        (rule(), asks(), True),
        (rule(), asks("list"), False),
        (rule("*"), asks("delete"), True),
        (rule(groups="apps"), asks(), False),
        (rule(groups="*"), asks(group="apps"), True),
        (rule(resources="*"), asks(resource="secrets"), True),
        (rule(resources="*"), asks(resource="pods/log"), True),
        (rule(resources="pods"), asks(resource="pods/log"), False),
        (rule(resources="pods/log"), asks(resource="pods/log"), True),
        (rule(resources="pods/log"), asks(resource="pods"), False),
        (rule(resources="*/log"), asks(resource="pods/log"), True),
        (rule(resources="*/scale"), asks(resource="pods"), False),
        (rule(names="a"), asks(name="a"), True),
        (rule(names="a"), asks(name="b"), False),
        (rule("list", names="a"), asks("list"), False),
        (rule("*", urls="/healthz"), asks(path="/healthz"), True),
        (rule(urls="/healthz"), asks(path="/healthz/etcd"), False),
        (rule(urls="/healthz/*"), asks(path="/healthz/etcd"), True),
        (rule(urls="*"), asks(path="/metrics"), True),
        (rule("*", "*", "*"), asks(path="/metrics"), False),
        (rule(urls="*"), asks(), False),
    ],
)
def test_a_rule_matches_exactly_what_it_says(held: dict[str, Any], asked: Attributes, *, allowed: bool) -> None:
    assert Rule.of(held).matches(asked) is allowed


def role(name: str, *rules: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, "rules": list(rules)}


def binding(
    role_name: str, kind: str, *subjects: tuple[str, str], namespace: str = "", name: str = "b"
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "roleRef": {"kind": kind, "name": role_name},
        "subjects": [
            {"kind": subject, "name": who, **({"namespace": "ns"} if subject == "ServiceAccount" else {})}
            for subject, who in subjects
        ],
    }


def rbac(*objects: tuple[str, dict[str, Any]]) -> Rbac:
    found = Rbac()
    for plural, obj in objects:
        found.observe(GROUP, plural, None, obj)
    return found


def in_namespace(namespace: str) -> Attributes:
    return Attributes("get", resource="pods", namespace=namespace, name="p")


@pytest.mark.parametrize(
    ("subject", "user"),
    [
        (("User", "ann"), ANN),
        (("Group", "dev"), ANN),
        (("ServiceAccount", "bot"), User("system:serviceaccount:ns:bot")),
    ],
)
def test_bindings_find_users_groups_and_accounts(subject: tuple[str, str], user: User) -> None:
    index = rbac(("clusterroles", role("r", rule())), ("clusterrolebindings", binding("r", "ClusterRole", subject)))
    assert index.judge(user, in_namespace("any")).allowed
    assert not index.judge(User("other"), in_namespace("any")).allowed


def test_a_role_binding_holds_in_its_namespace_only_whichever_role_it_names() -> None:
    for kind, plural, where in (("Role", "roles", "ns"), ("ClusterRole", "clusterroles", "")):
        index = rbac(
            (plural, role("r", rule(), namespace=where)),
            ("rolebindings", binding("r", kind, ("User", "ann"), namespace="ns")),
        )
        assert index.judge(ANN, in_namespace("ns")).allowed
        assert not index.judge(ANN, in_namespace("other")).allowed
        assert not index.judge(ANN, in_namespace("")).allowed


def test_a_role_of_the_same_name_in_another_namespace_grants_nothing() -> None:
    index = rbac(
        ("roles", role("r", rule(), namespace="other")),
        ("rolebindings", binding("r", "Role", ("User", "ann"), namespace="ns")),
    )
    assert not index.judge(ANN, in_namespace("ns")).allowed


def test_rights_follow_every_change_of_roles_and_bindings() -> None:
    granted = binding("r", "ClusterRole", ("User", "ann"))
    index = rbac(("clusterroles", role("r")), ("clusterrolebindings", granted))
    assert not index.judge(ANN, in_namespace("ns")).allowed
    index.observe(GROUP, "clusterroles", role("r"), role("r", rule()))
    assert index.judge(ANN, in_namespace("ns")).allowed
    to_bob = binding("r", "ClusterRole", ("User", "bob"))
    index.observe(GROUP, "clusterrolebindings", granted, to_bob)
    assert not index.judge(ANN, in_namespace("ns")).allowed
    assert index.judge(User("bob"), in_namespace("ns")).allowed
    before = index.revision
    index.observe(GROUP, "clusterrolebindings", to_bob, None)
    assert not index.judge(User("bob"), in_namespace("ns")).allowed
    assert index.revision > before


def test_system_masters_may_do_all_without_any_role() -> None:
    assert Rbac().judge(User("x", ("system:masters",)), asks("delete", resource="nodes")).allowed


def test_the_reason_names_binding_role_and_subject() -> None:
    index = rbac(
        ("clusterroles", role("r", rule())), ("clusterrolebindings", binding("r", "ClusterRole", ("Group", "dev")))
    )
    reason = index.judge(ANN, in_namespace("ns")).reason
    assert reason == 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "dev"'


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            Attributes("get", "", "pods", "log", "n", "p"),
            'pods "p" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "n"',
        ),
        (
            Attributes("list", "apps", "deployments"),
            (
                'deployments.apps is forbidden: User "ann" cannot list resource "deployments" in API group "apps" '
                "at the cluster scope"
            ),
        ),
        (Attributes("get", path="/metrics"), 'forbidden: User "ann" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_says_who_asked_for_what(asked: Attributes, message: str) -> None:
    assert forbidden(ANN, asked).message == message


def test_an_aggregating_role_has_the_rules_of_the_labelled_ones_each_once() -> None:
    """R12"""
    labelled = [
        {"metadata": {"name": name, "labels": {"to": "x"}}, "rules": [rule(), rule(resources=name)]}
        for name in ("b", "a")
    ]
    other = {"metadata": {"name": "c", "labels": {"to": "y"}}, "rules": [rule("*")]}
    own = {"metadata": {"name": "own"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "x"}}]}}
    assert aggregated_rules(own, [*labelled, other, own]) == [rule(), rule(resources="a"), rule(resources="b")]
    assert aggregated_rules(other, labelled) is None


def test_the_bootstrap_roles_let_people_see_what_they_may_and_no_secrets() -> None:
    index = Rbac()
    for obj in bootstrap_objects():
        index.observe(GROUP, "clusterroles" if obj["kind"] == "ClusterRole" else "clusterrolebindings", None, obj)
    index.observe(GROUP, "rolebindings", None, binding("view", "ClusterRole", ("User", "ann"), namespace="ns"))
    assert index.judge(ANN, Attributes("get", resource="configmaps", namespace="ns")).allowed
    assert not index.judge(ANN, Attributes("get", resource="secrets", namespace="ns")).allowed
    assert index.judge(ANN, Attributes("get", path="/apis/apps/v1")).allowed
    assert index.judge(ANN, Attributes("create", "authorization.k8s.io", "selfsubjectaccessreviews")).allowed
    assert not index.judge(User("x"), Attributes("get", path="/apis")).allowed
    edit = next(obj for obj in bootstrap_objects() if obj["metadata"]["name"] == "edit")
    assert any("secrets" in rule["resources"] and "get" in rule["verbs"] for rule in edit["rules"])
