"""The front before a real cluster: rights that follow writes at once, guarded roles, reviews, keys that last."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs

RBAC = "/apis/rbac.authorization.k8s.io/v1"
TOKENS = {"root": User("root", ("system:masters",)), "ann": User("ann"), "bob": User("bob")}
SECRETS = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
KEYS: list[Keys] = []


class Talk:
    """Requests as one of the users."""

    def __init__(self, cluster: EmbeddedCluster, front: ClusterFront) -> None:
        self.cluster, self.front = cluster, front

    async def __call__(
        self,
        user: str,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
    ) -> tuple[int, JsonObject]:
        headers = {"authorization": f"Bearer {user}", "content-type": content_type}
        if accept:
            headers["accept"] = accept
        raw = json.dumps(body).encode() if body is not None else b""
        status, _, answer = await self.front.front.send(method, path, headers, raw)
        assert isinstance(answer, bytes)
        return status, json.loads(answer)

    async def made(self, path: str, body: Any) -> JsonObject:
        status, answer = await self("root", "POST", path, body)
        assert status == 201, answer
        return answer


def with_cluster(story: Callable[[Talk], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        if not KEYS:
            KEYS.append(Keys.make(clock.now()))
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            await story(Talk(cluster, ClusterFront(cluster, KEYS[0], Settings(tokens=TOKENS))))

    run_virtual(main)


def binding(kind: str, role: str, user: str) -> JsonObject:
    return {
        "metadata": {"name": f"{role}-{user}".replace(":", "-")},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }


def test_a_right_holds_for_the_very_next_request_and_ends_as_soon() -> None:
    async def story(talk: Talk) -> None:
        secrets = "/api/v1/namespaces/default/configmaps"
        assert (await talk("ann", "GET", secrets))[0] == 403
        await talk.made(f"{RBAC}/namespaces/default/rolebindings", binding("ClusterRole", "view", "ann"))
        assert (await talk("ann", "GET", secrets))[0] == 200
        assert (await talk("root", "DELETE", f"{RBAC}/namespaces/default/rolebindings/view-ann"))[0] == 200
        assert (await talk("ann", "GET", secrets))[0] == 403

    with_cluster(story)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "APPLY"])
def test_no_way_of_writing_a_role_grants_more_than_the_writer_holds(method: str) -> None:
    """Security rule 4: for generic create, update, patch and apply."""

    async def story(talk: Talk) -> None:
        rules = [
            {
                "verbs": ["create", "get", "update", "patch"],
                "apiGroups": ["rbac.authorization.k8s.io"],
                "resources": ["roles"],
            }
        ]
        await talk.made(f"{RBAC}/clusterroles", {"metadata": {"name": "role-writer"}, "rules": rules})
        await talk.made(f"{RBAC}/namespaces/default/rolebindings", binding("ClusterRole", "role-writer", "bob"))
        roles = f"{RBAC}/namespaces/default/roles"
        strong = {"metadata": {"name": "r"}, "rules": [SECRETS]}
        if method == "POST":
            answer = await talk("bob", "POST", roles, strong)
        else:
            await talk.made(roles, {"metadata": {"name": "r"}, "rules": []})
            kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
            answer = await {
                "PUT": lambda: talk("bob", "PUT", f"{roles}/r", strong),
                "PATCH": lambda: talk(
                    "bob", "PATCH", f"{roles}/r", {"rules": [SECRETS]}, "application/merge-patch+json"
                ),
                "APPLY": lambda: talk(
                    "bob",
                    "PATCH",
                    f"{roles}/r?fieldManager=m&force=true",
                    {**kind, **strong},
                    "application/apply-patch+yaml",
                ),
            }[method]()
        assert answer[0] == 403
        assert "not currently held" in answer[1]["message"]
        if method != "POST":
            assert not (await talk("root", "GET", f"{roles}/r"))[1]["rules"]

    with_cluster(story)


def test_aggregating_roles_follow_the_roles_they_select() -> None:
    """R12"""

    async def story(talk: Talk) -> None:
        labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
        rule = {"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["widgets"]}
        await talk.made(f"{RBAC}/clusterroles", {"metadata": {"name": "widgets", "labels": labels}, "rules": [rule]})
        for name in ("view", "edit", "admin"):
            assert rule in (await talk("root", "GET", f"{RBAC}/clusterroles/{name}"))[1]["rules"], name
        await talk.made(f"{RBAC}/clusterrolebindings", binding("ClusterRole", "admin", "ann"))
        review = {"spec": {"resourceAttributes": {"verb": "get", "group": "example.com", "resource": "widgets"}}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        assert (await talk("ann", "POST", path, review))[1]["status"]["allowed"]
        await talk("root", "DELETE", f"{RBAC}/clusterroles/widgets")
        assert rule not in (await talk("root", "GET", f"{RBAC}/clusterroles/view"))[1]["rules"]
        assert not (await talk("ann", "POST", path, review))[1]["status"]["allowed"]

    with_cluster(story)


def test_a_requested_token_reviews_as_its_account_until_the_account_is_deleted() -> None:
    async def story(talk: Talk) -> None:
        accounts = "/api/v1/namespaces/default/serviceaccounts"
        await talk.made(accounts, {"metadata": {"name": "bot"}})
        spec = {"spec": {"audiences": ["vault"], "expirationSeconds": 600}}
        requested = await talk.made(f"{accounts}/bot/token", spec)
        assert requested["spec"]["expirationSeconds"] == 600
        token = requested["status"]["token"]
        review = {"spec": {"token": token, "audiences": ["vault"]}}
        reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
        status = (await talk.made(reviews, review))["status"]
        assert status["authenticated"]
        assert status["user"]["username"] == "system:serviceaccount:default:bot"
        assert status["audiences"] == ["vault"]
        assert (await talk(token, "GET", "/api"))[0] == 401  # meant for another
        await talk("root", "DELETE", f"{accounts}/bot")
        status = (await talk.made(reviews, review))["status"]
        assert "authenticated" not in status
        assert token not in status["error"]
        assert (await talk("root", "POST", f"{accounts}/none/token", {}))[0] == 404

    with_cluster(story)


@pytest.mark.parametrize(
    ("path", "body", "code", "message"),
    [
        ("serviceaccounts/bot/token", {"spec": {"expirationSeconds": 599}}, 422, "duration less than 10 minutes"),
        ("serviceaccounts/bot/token", {"spec": {"expirationSeconds": 2**32 + 1}}, 422, "larger than 2^32 seconds"),
        (
            "serviceaccounts/bot/token",
            {"spec": {"boundObjectRef": {"kind": "Pod", "name": "none", "apiVersion": "v1"}}},
            404,
            'pods "none" not found',
        ),
    ],
)
def test_a_token_request_is_checked(path: str, body: Any, code: int, message: str) -> None:
    async def story(talk: Talk) -> None:
        await talk.made("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "bot"}})
        status, answer = await talk("root", "POST", f"/api/v1/namespaces/default/{path}", body)
        assert status == code
        assert message in answer["message"]

    with_cluster(story)


def test_access_reviews_answer_for_oneself_for_others_and_in_a_namespace() -> None:
    """R14 too: the rules review is the union of what the user holds."""

    async def story(talk: Talk) -> None:
        base = "/apis/authorization.k8s.io/v1"
        await talk.made(f"{RBAC}/namespaces/default/rolebindings", binding("ClusterRole", "view", "ann"))
        pods = {"verb": "get", "resource": "pods", "namespace": "default"}
        own = await talk("ann", "POST", f"{base}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": pods}})
        assert own[0] == 201
        assert own[1]["status"]["allowed"]
        assert 'RoleBinding "view-ann/default" of ClusterRole "view" to User "ann"' in own[1]["status"]["reason"]
        other = {"spec": {"user": "ann", "resourceAttributes": {**pods, "verb": "delete"}}}
        assert not (await talk.made(f"{base}/subjectaccessreviews", other))["status"]["allowed"]
        local = f"{base}/namespaces/default/localsubjectaccessreviews"
        allowed = {"spec": {"user": "ann", "resourceAttributes": pods}}
        assert (await talk.made(local, allowed))["status"]["allowed"]
        elsewhere = {"spec": {"user": "ann", "resourceAttributes": {**pods, "namespace": "kube-system"}}}
        assert (await talk("root", "POST", local, elsewhere))[0] == 422
        neither: JsonObject = {"spec": {}}
        both: JsonObject = {"spec": {"resourceAttributes": pods, "nonResourceAttributes": {"path": "/", "verb": "get"}}}
        for wrong in (neither, both):
            assert (await talk("root", "POST", f"{base}/selfsubjectaccessreviews", wrong))[0] == 422
        assert (await talk("root", "POST", f"{base}/subjectaccessreviews", {"spec": {"resourceAttributes": pods}}))[
            0
        ] == 422
        rules = await talk("ann", "POST", f"{base}/selfsubjectrulesreviews", {"spec": {"namespace": "default"}})
        granted = rules[1]["status"]
        assert any("configmaps" in rule["resources"] for rule in granted["resourceRules"])
        assert any("/api" in rule["nonResourceURLs"] for rule in granted["nonResourceRules"])
        assert granted["incomplete"] is False

    with_cluster(story)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {"resourceAttributes": "x"}}),
        ("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": {"user": "u", "groups": "g"}}),
        ("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "t", "audiences": [1]}}),
        ("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": []}),
        ("/api/v1/namespaces/default/serviceaccounts/default/token", {"spec": {"audiences": 1}}),
        ("/api/v1/namespaces/default/serviceaccounts/default/token", {"spec": {"expirationSeconds": "x"}}),
    ],
)
def test_a_review_of_the_wrong_shape_is_a_bad_request(path: str, body: Any) -> None:
    async def story(talk: Talk) -> None:
        status, answer = await talk("root", "POST", path, body)
        assert (status, answer["reason"]) == (400, "BadRequest")
        assert "cannot be handled as a" in answer["message"]

    with_cluster(story)


def test_an_in_process_client_can_be_held_to_its_users_rights() -> None:
    async def story(talk: Talk) -> None:
        pods = Resource("", "v1", "pods", "Pod")
        client = verbs(talk.cluster.client("ann", authorize=talk.front.authorize))
        with pytest.raises(StatusError) as refused:
            await client.list(pods, "default")
        assert refused.value.code == 403
        await talk.made(f"{RBAC}/namespaces/default/rolebindings", binding("ClusterRole", "view", "ann"))
        assert (await client.list(pods, "default")).items == ()

    with_cluster(story)


def test_keys_last_from_start_to_start_and_belong_to_their_owner(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    first, second = (Keys.load_or_make(tmp_path / "pki", now) for _ in range(2))
    assert first == second
    assert "PRIVATE" not in repr(first)
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pki").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("value", "path"),
    [(1 << 70, "spec.n"), ({"deep": [1, {"x": 1 << 64}]}, "spec.n.deep[1].x"), ("\ud800", "spec.n")],
)
def test_an_object_that_cannot_be_stored_is_refused_with_its_place_and_nobody_else_is(value: Any, path: str) -> None:
    """In a store without a disk too: there it would fail an unrelated later write."""

    async def story(talk: Talk) -> None:
        client = verbs(talk.cluster.client("root", ("system:masters",)))
        boats = Resource("fleet.example", "v1", "boats", "Boat")
        await talk.made("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", BOATS)

        def boat(name: str, n: Any) -> JsonObject:
            metadata = {"name": name, "namespace": "default"}
            return {"apiVersion": "fleet.example/v1", "kind": "Boat", "metadata": metadata, "spec": {"n": n}}

        with pytest.raises(StatusError, match=rf"cannot be stored: {re.escape(path)}: ") as refused:
            await client.create(boats, boat("bad", value))
        assert refused.value.code == 400
        for number in range(20):
            await client.create(boats, boat(f"good-{number}", 1))

    with_cluster(story)


BOATS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "boats.fleet.example"},
    "spec": {
        "group": "fleet.example",
        "names": {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}
