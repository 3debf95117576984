"""As whom objects are changed (spec 7.8): the project's first match, judged by the destination's own RBAC."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.sync.impersonation import NoServiceAccount, account_for
from argosy.machinery.objects import JsonObject, Resource
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.hook_jobs import job

HERE = Cluster("https://kubernetes.default.svc", "in-cluster")
ON = Settings(impersonation_enabled=True)
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")


def account(server: str = "*", namespace: str = "*", name: str = "deployer") -> JsonObject:
    return {"server": server, "namespace": namespace, "defaultServiceAccount": name}


@pytest.mark.parametrize(
    ("accounts", "user"),
    [
        ([account()], "system:serviceaccount:shop:deployer"),
        ([account(name="ops:deployer")], "system:serviceaccount:ops:deployer"),
        ([account(namespace="other", name="a"), account(namespace="sh*", name="b")], "system:serviceaccount:shop:b"),
        ([account(name="a"), account(name="b")], "system:serviceaccount:shop:a"),
        ([account(server="https://other.example", name="a"), account(name="b")], "system:serviceaccount:shop:b"),
    ],
)
def test_the_first_match_counts(accounts: list[JsonObject], user: str) -> None:
    assert (
        account_for(read(AppProjectSpec, {"destinationServiceAccounts": accounts}), HERE, "shop", "argocd", ON) == user
    )


def test_without_a_namespace_of_the_destination_the_application_s_own_counts() -> None:
    project = {"destinationServiceAccounts": [account()]}
    assert account_for(read(AppProjectSpec, project), HERE, "", "argocd", ON) == "system:serviceaccount:argocd:deployer"


@pytest.mark.parametrize(
    ("settings", "user"), [(Settings(), ""), (Settings(impersonation_enabled=True, impersonation_enforced=False), "")]
)
def test_nobody_is_impersonated_where_it_is_off_or_not_enforced(settings: Settings, user: str) -> None:
    assert account_for(read(AppProjectSpec, {}), HERE, "shop", "argocd", settings) == user


@pytest.mark.parametrize("name", ["", "a:b:c", "*", "!a", "ops:", "a b"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(NoServiceAccount, match="correct the project's"):
        account_for(
            read(AppProjectSpec, {"destinationServiceAccounts": [account(name=name)]}), HERE, "shop", "argocd", ON
        )


def _enable(bench: Bench, **more: str) -> None:
    bench.settings(application__sync__impersonation__enabled="true", **more)


def _started(bench: Bench, accounts: list[JsonObject], **spec: Any) -> None:
    bench.create_project("team", destinationServiceAccounts=accounts)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application(project="team", **spec))


def _allow(bench: Bench, *verbs: str) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": list(verbs)}]
    subjects = [{"kind": "ServiceAccount", "name": "deployer", "namespace": "default"}]
    metadata = {"name": "deployer", "namespace": "default"}
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": metadata}
    bench.create({**head, "kind": "Role", "rules": rules}, ROLES)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"}
    bench.create({**head, "kind": "RoleBinding", "subjects": subjects, "roleRef": reference}, BINDINGS)


def test_a_service_account_may_sync_what_its_roles_allow(bench: Bench) -> None:
    _enable(bench)
    _allow(bench, "create", "patch", "get", "delete")
    _started(bench, [account()])
    bench.world.run_until(bench.synced)
    assert bench.value("a") == "one"


def test_a_service_account_without_the_right_fails_with_the_server_s_words(bench: Bench) -> None:
    _enable(bench)
    _started(bench, [account()], syncPolicy={})
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync()
    bench.world.run_until(lambda: bench.phase() == "Failed")
    text = bench.result("ConfigMap", "a")["message"]
    assert 'User "system:serviceaccount:default:deployer" cannot create resource "configmaps"' in text
    assert bench.value("a") is None


def test_a_destination_for_which_nobody_is_named_is_not_synced(bench: Bench) -> None:
    _enable(bench)
    _started(bench, [account(namespace="other")], syncPolicy={})
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync()
    bench.world.run_until(lambda: bench.phase() == "Error")
    assert bench.state()["message"] == (
        "no matching service account found for destination server https://kubernetes.default.svc and namespace default"
    )


def test_what_is_deleted_with_its_application_is_deleted_by_the_service_account(bench: Bench) -> None:
    _enable(bench)
    _allow(bench, "create", "patch", "get")
    bench.create_project("team", destinationServiceAccounts=[account()])
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    app = application(project="team")
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    bench.create(app)
    bench.world.run_until(bench.synced)
    bench.delete("app")
    bench.world.run_until(lambda: "DeletionError" in bench.conditions())
    assert "cannot delete resource" in bench.conditions()["DeletionError"]
    assert bench.value("a") == "one"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["delete"]}]
    bench.patch("deployer", {"rules": rules}, ROLES, "default")
    bench.world.run_until(lambda: not bench.app())
    assert bench.value("a") is None


def test_hooks_of_a_deletion_are_made_by_the_service_account(bench: Bench) -> None:
    _enable(bench)
    _allow(bench, "create", "patch", "get", "delete")
    bench.create_project("team", destinationServiceAccounts=[account()])
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/pre.yaml": job("pre", "PreDelete")})
    bench.create(application(project="team"))
    bench.world.run_until(bench.synced)
    bench.delete("app")
    bench.world.run_until(lambda: "DeletionError" in bench.conditions())
    words = 'User "system:serviceaccount:default:deployer" cannot create resource "jobs"'
    assert words in bench.conditions()["DeletionError"]
    bench.patch("app", {"metadata": {"finalizers": None}})
    bench.world.run_until(lambda: not bench.app())
