"""What has an effect needs the right to it, and nobody gives away what they lack (security rules 4, 10, 18)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.kargo_api import KargoApi
from tests.kit.promotion import PromotionWorld

OPENAPI = Path(__file__).parents[4] / "shared" / "data" / "kargo" / "openapi-v2.json"


def holder(world: PromotionWorld, api: KargoApi, name: str, rules: list[dict[str, Any]]) -> str:
    """A token of an account with these rules in the project."""
    rbac = "rbac.authorization.k8s.io/v1"
    metadata = {"name": name, "namespace": "demo"}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "demo"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    world.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    world.create({"apiVersion": rbac, "kind": "Role", "metadata": metadata, "rules": rules})
    world.create(
        {"apiVersion": rbac, "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [subject]}
    )
    status, body = api.call("POST", f"/v1beta1/projects/demo/roles/{name}/api-tokens", {"name": f"{name}-token"})
    assert status == 201, body
    return decoded(body["data"]["token"])


def decoded(value: str) -> str:
    import base64

    return base64.b64decode(value).decode()


def rule(resources: str, *verbs: str, group: str = "kargo.akuity.io") -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


@pytest.fixture(scope="module")
def stranger(world: PromotionWorld, api: KargoApi) -> str:
    """Signed in, and without any right anywhere."""
    world.project("elsewhere")
    status, body = api.call("POST", "/v1beta1/projects/elsewhere/roles", {"metadata": {"name": "nothing"}})
    assert status == 201, body
    status, body = api.call("POST", "/v1beta1/projects/elsewhere/roles/nothing/api-tokens", {"name": "t"})
    assert status == 201, body
    return decoded(body["data"]["token"])


@pytest.fixture(scope="module")
def maker(world: PromotionWorld, api: KargoApi) -> str:
    """May do everything with objects, and promote nothing."""
    rules = [
        rule("stages promotions freights freights/status warehouses projectconfigs", *EVERYTHING),
        rule("roles rolebindings", *EVERYTHING, group="rbac.authorization.k8s.io"),
        rule("serviceaccounts secrets configmaps", *EVERYTHING, group=""),
    ]
    return holder(world, api, "maker", rules)


EVERYTHING = ("create", "delete", "get", "list", "patch", "update", "watch")


@pytest.mark.skipif(not OPENAPI.exists(), reason="the published description is not here")
def test_every_published_operation_is_served(api: KargoApi) -> None:
    published = {
        (method.upper(), path.removeprefix("/v1beta1"))
        for path, methods in json.loads(OPENAPI.read_text())["paths"].items()
        for method in methods
    }
    assert published - {(one.method, one.path) for one in api.router.endpoints} == set()


def test_nobody_gets_in_without_a_token(api: KargoApi) -> None:
    for endpoint in api.router.endpoints:
        if endpoint.needs.need != "nothing":
            path = f"/v1beta1{endpoint.path}".replace("{", "").replace("}", "")
            assert api.call(endpoint.method, path, token="") == (401, {"error": "no token provided"}), path


def test_a_project_that_one_has_nothing_to_do_with_answers_as_one_that_is_not_there(
    api: KargoApi, stranger: str
) -> None:
    for endpoint in api.router.endpoints:
        if "{project}" not in endpoint.path or endpoint.needs.need == "nothing":
            continue
        answers = []
        for project in ("demo", "absent"):
            path = f"/v1beta1{endpoint.path}".replace("{project}", project).replace("{", "").replace("}", "")
            body = BODY if endpoint.method != "GET" else None
            query = "?stage=test&newAlias=x" if "/freight/" in path else ""
            status, said = api.call(endpoint.method, f"{path}{query}", body, token=stranger, peer=endpoint.path)
            answers.append((status, json.dumps(said).replace(project, "X")))
        assert answers[0] == answers[1], (endpoint.method, endpoint.path)


BODY = {
    "name": "x",
    "metadata": {"name": "role"},
    "role": "r",
    "type": "git",
    "repoUrl": "u",
    "username": "u",
    "password": "p",
    "data": {"a": "b"},
    "freight": "f",
    "userClaims": {"claims": []},
}


def promotion(freight: str) -> str:
    metadata = {"name": "p", "namespace": "demo"}
    body = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Promotion", "metadata": metadata}
    return yaml.safe_dump({**body, "spec": {"stage": "test", "freight": freight, "steps": [{"uses": "x"}]}})


PROMOTES: list[Callable[[KargoApi, str, str], tuple[int, Any]]] = [
    lambda api, token, name: api.call(
        "POST", "/v1beta1/projects/demo/stages/test/promotions", {"freight": name}, token=token
    ),
    lambda api, token, name: api.call(
        "POST", "/v1beta1/projects/demo/stages/test/promotions", {"origin": "Warehouse/w"}, token=token
    ),
    lambda api, token, name: api.call(
        "POST", "/v1beta1/projects/demo/stages/test/promotions/downstream", {"freight": name}, token=token
    ),
    lambda api, token, name: api.call("POST", "/v1beta1/resources", promotion(name), token=token),
    lambda api, token, name: api.call("PUT", "/v1beta1/resources?upsert=true", promotion(name), token=token),
    lambda api, token, name: api.call("POST", f"/v1beta1/projects/demo/freight/{name}/approve?stage=prod", token=token),
]


@pytest.mark.parametrize("promotes", PROMOTES, ids=["promote", "origin", "downstream", "create", "apply", "approve"])
def test_what_promotes_needs_the_right_to_promote(
    api: KargoApi, maker: str, freight: str, promotes: Callable[[KargoApi, str, str], tuple[int, Any]]
) -> None:
    status, body = promotes(api, maker, freight)
    assert status == 403, body
    assert "may not promote" in body["error"]


def test_a_promotion_is_changed_and_ended_only_by_who_may_promote(
    api: KargoApi, world: PromotionWorld, maker: str, freight: str
) -> None:
    name = world.promote("test", freight)
    obj = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": name, "namespace": "demo"},
    }
    manifest = yaml.safe_dump({**obj, "spec": {"stage": "prod", "freight": freight, "steps": [{"uses": "x"}]}})
    for method, path, body in (
        ("PUT", "/v1beta1/resources", manifest),
        ("DELETE", "/v1beta1/resources", manifest),
        ("POST", f"/v1beta1/projects/demo/promotions/{name}/abort", None),
    ):
        status, said = api.call(method, path, body, token=maker)
        assert (status, "may not promote" in said["error"]) == (403, True), (method, path, said)


def test_the_server_determines_the_actor_whatever_a_manifest_claims(
    api: KargoApi, world: PromotionWorld, freight: str
) -> None:
    spoofed = yaml.safe_load(promotion(freight))
    spoofed["metadata"]["annotations"] = {"kargo.akuity.io/create-actor": "email:boss@example.com"}
    status, body = api.call("POST", "/v1beta1/resources", yaml.safe_dump(spoofed))
    assert status == 201, body
    made = body["results"][0]["createdResourceManifest"]
    assert made["metadata"]["annotations"]["kargo.akuity.io/create-actor"] == "admin"


GRANTED = [rule("pods", "delete", group="")]
RBAC = "rbac.authorization.k8s.io"


def test_rights_that_one_lacks_are_not_granted_by_a_role(api: KargoApi, maker: str) -> None:
    for method, path, body in (
        ("POST", "roles", {"metadata": {"name": "more"}, "rules": GRANTED}),
        (
            "POST",
            "roles/grants",
            {"role": "kargo-viewer", "resourceDetails": {"resourceType": "pods", "verbs": ["get"]}},
        ),
        (
            "POST",
            "roles/grants",
            {"role": "kargo-admin", "userClaims": {"claims": [{"name": "email", "values": ["m@x"]}]}},
        ),
        ("PUT", "roles/kargo-viewer", {"metadata": {"name": "kargo-viewer"}, "rules": GRANTED}),
        ("POST", "roles/kargo-admin/api-tokens", {"name": "mine"}),
    ):
        status, said = api.call(method, f"/v1beta1/projects/demo/{path}", body, token=maker)
        assert status == 403, (path, said)
        assert "may not grant permissions it does not hold" in said["error"]


MANIFESTS: dict[str, dict[str, Any]] = {
    "role": {"apiVersion": f"{RBAC}/v1", "kind": "Role", "rules": GRANTED},
    "role with a star": {"apiVersion": f"{RBAC}/v1", "kind": "Role", "rules": [rule("stages", "*")]},
    "binding": {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "kargo-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "maker", "namespace": "demo"}],
    },
    "claims": {"apiVersion": "v1", "kind": "ServiceAccount", "claims": True},
    "token": {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token"},
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_rights_that_one_lacks_are_not_gained_by_a_manifest(api: KargoApi, maker: str, what: str) -> None:
    manifest = json.loads(json.dumps(MANIFESTS[what]))
    name, annotations = "gained", {}
    if manifest.pop("claims", False):
        name, annotations = "kargo-admin", {"rbac.kargo.akuity.io/claims": '{"email":["m@x"]}'}
    if manifest["kind"] == "Secret":
        annotations = {"kubernetes.io/service-account.name": "kargo-admin"}
    manifest["metadata"] = {"name": name, "namespace": "demo", "annotations": annotations}
    for method, path in (("POST", "/v1beta1/resources"), ("PUT", "/v1beta1/resources?upsert=true")):
        status, said = api.call(method, path, json.dumps(manifest), token=maker)
        assert status == 403, said
        assert "may not grant permissions it does not hold" in said["error"]


def test_one_forbidden_document_hinders_no_other(api: KargoApi, maker: str) -> None:
    allowed = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "ours", "namespace": "demo"},
        "data": {"a": "b"},
    }
    forbidden = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "kargo"}}
    status, body = api.call("POST", "/v1beta1/resources", yaml.safe_dump_all([forbidden, allowed]), token=maker)
    assert status == 201
    assert "may not create" in body["results"][0]["error"]
    assert body["results"][1]["createdResourceManifest"]["metadata"]["name"] == "ours"


def test_what_changes_something_is_on_record_once_with_who_and_how_it_ended(api: KargoApi, maker: str) -> None:
    before = len(api.audit.text.splitlines())
    api.call("POST", "/v1beta1/projects/demo/generic-credentials", {"name": "s", "data": {"k": "hunter2"}}, token=maker)
    api.call("DELETE", "/v1beta1/projects/demo/stages/absent", token=maker)
    api.call("GET", "/v1beta1/projects/demo/stages", token=maker)
    lines = [json.loads(line) for line in api.audit.text.splitlines()[before:]]
    assert [(one["subject"], one["method"], one["result"]) for one in lines] == [
        ("kubernetes:system:serviceaccount:demo:maker", "POST /v1beta1/projects/{project}/generic-credentials", "OK"),
        (
            "kubernetes:system:serviceaccount:demo:maker",
            "DELETE /v1beta1/projects/{project}/stages/{stage}",
            "NOT_FOUND",
        ),
    ]
    assert "hunter2" not in api.audit.text
    assert lines[0]["object"] == {"name": "s", "project": "demo"}


def test_values_of_secrets_never_come_back(api: KargoApi) -> None:
    value = "correct-horse"
    name = {"name": "canary", "data": {"k": value}}
    repository = {"name": "canary2", "type": "git", "repoUrl": "https://x/y", "username": "u", "password": value}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "canary3", "namespace": "demo"}}
    root = "/v1beta1/projects/demo"
    answers = [
        api.call("POST", f"{root}/generic-credentials", name),
        api.call("POST", f"{root}/repo-credentials", repository),
        api.call("POST", "/v1beta1/resources", json.dumps({**secret, "stringData": {"k": value}})),
        *(api.call("GET", f"{root}/{path}") for path in (
            "generic-credentials", "generic-credentials/canary", "repo-credentials", "repo-credentials/canary2",
            "api-tokens",
        )),
        api.call("PATCH", f"{root}/generic-credentials/canary", {"data": {"k": f"{value}2"}}),
        api.call("PUT", f"{root}/generic-credentials/canary", {"data": {"k": f"{value}3"}}),
    ]  # fmt: skip
    assert [status for status, _ in answers] == [201, 201, 201, 200, 200, 200, 200, 200, 200, 200]
    text = json.dumps(answers)
    import base64

    assert value not in text
    assert base64.b64encode(value.encode()).decode()[:12] not in text
